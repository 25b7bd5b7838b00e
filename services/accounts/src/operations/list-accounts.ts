import { decodeCursor, encodeCursor, httpProblem } from '@colophon/http'
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
  const older = cursor === undefined ? empty : sql`AND id < ${idWithin(cursor, q)}`
  const rows = await db.query<Account>(sql`
    SELECT ${accountColumns} FROM accounts.accounts WHERE true ${matching} ${older} ORDER BY id DESC LIMIT ${limit + 1}`)
  const items = rows.slice(0, limit)
  const last = items.at(-1)
  return { items, nextCursor: last && rows.length > limit ? encodeCursor({ q }, [last.id]) : null }
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

function idWithin(cursor: string, q: string | undefined): string {
  const [id] = decodeCursor(cursor, { q }, ['string'])
  // Anybody can make up a cursor, and PostgreSQL would not take this for an id.
  if (!uuid.test(id)) throw httpProblem('invalid_cursor', 'cursor must be a nextCursor of this list')
  return id
}
