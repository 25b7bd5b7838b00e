import { decodeCursor, encodeCursor } from '@colophon/http'
import { empty, sql } from '@colophon/postgres'
import { type Account, accountColumns } from '../accounts.ts'
import type { Deps } from '../deps.ts'

export interface AccountsQuery {
  /** Part of an e-mail address. */
  q?: string
  cursor?: string
  /** How many at most; 20. */
  limit?: number
}

export interface AccountsPage {
  items: Account[]
  nextCursor: string | null
}

/**
 * Accounts, the newest first.
 * @throws Problem `invalid_cursor`
 */
export async function listAccounts(
  { db }: Pick<Deps, 'db'>,
  { q, cursor, limit = 20 }: AccountsQuery,
): Promise<AccountsPage> {
  const matching = q === undefined ? empty : sql`AND strpos(email_key, ${q.toLowerCase()}) > 0`
  const [last] = cursor === undefined ? [] : decodeCursor(cursor, { q }, ['uuid'])
  const older = last === undefined ? empty : sql`AND id < ${last}`
  const rows = await db.query<Account>(sql`
    SELECT ${accountColumns} FROM accounts.accounts WHERE true ${matching} ${older} ORDER BY id DESC LIMIT ${limit + 1}`)
  const items = rows.slice(0, limit)
  const end = rows.length > limit ? items.at(-1) : undefined
  return { items, nextCursor: end ? encodeCursor({ q }, [end.id]) : null }
}
