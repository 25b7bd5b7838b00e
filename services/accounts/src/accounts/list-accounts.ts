import { decodeCursor, encodeCursor } from '@colophon/http'
import { empty, sql } from '@colophon/postgres'
import type { AccountsDeps } from '../deps.ts'
import type { Account } from '../schemas.ts'
import { accountColumns } from './account.ts'

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
  { database }: Pick<AccountsDeps, 'database'>,
  { q, cursor, limit = 20 }: AccountsQuery,
): Promise<AccountsPage> {
  const matching = q === undefined ? empty : sql`and strpos(email_key, ${q.toLowerCase()}) > 0`
  const [last] = cursor === undefined ? [] : decodeCursor(cursor, { q }, ['uuid'])
  const older = last === undefined ? empty : sql`and id < ${last}`
  const rows = await database.query<Account>(sql`
    select ${accountColumns} from accounts.accounts where true ${matching} ${older} order by id desc limit ${limit + 1}`)
  const items = rows.slice(0, limit)
  const end = rows.length > limit ? items.at(-1) : undefined
  return { items, nextCursor: end ? encodeCursor({ q }, [end.id]) : null }
}
