import { decodeCursor, encodeCursor } from '@colophon/http'
import { empty, type Queryable, sql } from '@colophon/postgres'
import { accountNotFound } from '../problems.ts'
import type { AccountChange } from '../schemas.ts'

/**
 * One page of what was done to an account, the newest first.
 * @throws Problem `account_not_found`, `invalid_cursor`
 */
export async function listHistory(
  database: Queryable,
  accountId: string,
  { cursor, limit }: { cursor?: string; limit: number },
): Promise<{ items: AccountChange[]; nextCursor: string | null }> {
  const [last] = cursor === undefined ? [] : decodeCursor(cursor, { of: accountId }, ['integer'])
  const older = last === undefined ? empty : sql`and entry < ${last}::bigint`
  const account = await database.maybeOne(sql`select from accounts.accounts where id = ${accountId}`)
  if (!account) throw accountNotFound()
  const rows = await database.query<AccountChange & { entry: number }>(sql`
    select entry, at, actor, action, detail from accounts.account_history
    where account_id = ${accountId} ${older} order by entry desc limit ${limit + 1}`)
  const items = rows.slice(0, limit)
  const end = rows.length > limit ? items.at(-1) : undefined
  return {
    items: items.map(({ entry: _, ...change }) => change),
    nextCursor: end ? encodeCursor({ of: accountId }, [end.entry]) : null,
  }
}
