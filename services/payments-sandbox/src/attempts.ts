import { type Database, sql } from '@colophon/postgres'

/** Counts one more attempt at something. @returns how many there were, with this one */
export async function countAttempt(database: Database, what: string): Promise<number> {
  const { count } = await database.one<{ count: number }>(sql`
    insert into payments_sandbox.attempts as known (what, count) values (${what}, 1)
    on conflict (what) do update set count = known.count + 1 returning count`)
  return count
}
