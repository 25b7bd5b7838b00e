import { type Database, type Sql, sql } from '@colophon/postgres'

/** More than these are not counted: nobody needs to know how many more, and each scrape asks. */
const mostCounted = 100_000

/** How many rows there are, 100,000 at most. @param rows `from` and `where` of a statement */
export async function countUpTo(database: Database, rows: Sql): Promise<number> {
  const { count } = await database.one<{ count: number }>(sql`
    select count(*) as count from (select ${rows} limit ${mostCounted}) as counted`)
  return count
}
