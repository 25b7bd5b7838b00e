import { type Database, sql } from '@colophon/postgres'
import type { ImportCounts } from './report.ts'

/** Fewer changes than this do not change which plan is the best. */
const worthIt = 500

/**
 * Lets PostgreSQL count again what the catalogue holds: the planner chooses between the text index and the order of
 * popularity by how common a word is, and autovacuum would only look in a while.
 */
export async function refreshStatistics(database: Database, counts: ImportCounts): Promise<void> {
  if (counts.inserted + counts.updated < worthIt) return
  await database.transaction(
    async (tx) => {
      for (const table of tables) await tx.query(table)
    },
    { statementTimeout: 0 },
  )
}

const tables = [
  sql`analyze catalog.books`,
  sql`analyze catalog.identifiers`,
  sql`analyze catalog.contributors`,
  sql`analyze catalog.book_contributors`,
  sql`analyze catalog.book_subjects`,
  sql`analyze catalog.prices`,
  sql`analyze catalog.provenance`,
  sql`analyze catalog.words`,
]
