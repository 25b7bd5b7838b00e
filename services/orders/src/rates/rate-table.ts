import { type Queryable, sql } from '@colophon/postgres'
import type { OrdersDeps } from '../deps.ts'

/** A table of rates, which is read and replaced as a whole. */
export type RateTable = 'tax' | 'shipping'

/** Who replaces a table, and what lets them: it throws when the version is not the one they have seen. */
export interface Replacing {
  /** An account's id. */
  actor: string
  checkVersion(version: number): void
}

/**
 * Replaces the rows of a table in one transaction: orders are priced with the old ones or the new ones, and never with
 * some of both.
 * @param write deletes and inserts the rows
 * @returns the table's new version
 */
export function replaceTable(
  { database, now }: Pick<OrdersDeps, 'database' | 'now'>,
  table: RateTable,
  { actor, checkVersion }: Replacing,
  write: (tx: Queryable) => Promise<unknown>,
): Promise<number> {
  return database.transaction(async (tx) => {
    const { version } = await tx.one<{ version: number }>(sql`
      select version from orders.rate_tables where name = ${table} for update`)
    checkVersion(version)
    await write(tx)
    await tx.query(sql`
      update orders.rate_tables set version = version + 1, actor = ${actor}, updated_at = ${now()}
      where name = ${table}`)
    return version + 1
  })
}
