import { type Database, type Sql, sql } from '@colophon/postgres'

/**
 * Deletes all rows that are found, so many by a statement that none holds many locks for long.
 * @param table with its schema
 * @param isOld which rows
 * @returns how many
 */
export async function forgetRows(
  database: Database,
  { table, isOld, batchSize }: { table: Sql; isOld: Sql; batchSize: number },
): Promise<number> {
  for (let total = 0; ; ) {
    const { gone } = await database.one<{ gone: number }>(sql`
      with gone as (
        delete from ${table} where ctid = any(array(select ctid from ${table} where ${isOld} limit ${batchSize}))
        returning 1)
      select count(*) as gone from gone`)
    total += gone
    if (gone < batchSize) return total
  }
}
