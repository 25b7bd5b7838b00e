import { randomUUIDv7 } from 'node:crypto'
import { type Database, sql } from '@colophon/postgres'
import type { BookDraft } from '../../services/catalog/src/books/draft.ts'
import { resolveNames } from '../../services/catalog/src/books/resolve-names.ts'
import { storeBooks } from '../../services/catalog/src/books/store-books.ts'
import { madeCatalogue } from './made-catalogue.ts'

const batchSize = 1000

/** Fills an empty catalogue by its own writes, and lets PostgreSQL learn what is in it. */
export async function loadCatalogue(
  database: Database,
  size: number,
  tell: (loaded: number) => void,
): Promise<void> {
  let batch: BookDraft[] = []
  let loaded = 0
  async function flush(): Promise<void> {
    await database.transaction(async (tx) => {
      const resolutions = await resolveNames(tx, batch, randomUUIDv7)
      const writes = resolutions.flatMap((resolution) =>
        'resolved' in resolution
          ? [{ id: randomUUIDv7(), version: 1, draft: resolution.resolved, changed: 'all' as const }]
          : [],
      )
      await storeBooks(tx, writes, { now: new Date(), currency: 'EUR' })
    })
    loaded += batch.length
    batch = []
    tell(loaded)
  }
  for (const draft of madeCatalogue(size)) {
    batch.push(draft)
    if (batch.length === batchSize) await flush()
  }
  if (batch.length > 0) await flush()
  await database.transaction((tx) => tx.query(sql`analyze`), { statementTimeout: 0 })
}
