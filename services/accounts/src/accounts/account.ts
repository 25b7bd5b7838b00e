import { type Sql, sql } from '@colophon/postgres'
import { parseEmail } from './email.ts'

/** SQL: the columns of an `Account`, in a query of `accounts.accounts`. */
export const accountColumns: Sql = sql`id, email, name, roles, created_at as "createdAt", version`

/** Names one account. */
export type AccountRef = { readonly id: string } | { readonly email: string }

/** SQL: whether a row of `accounts.accounts` is that account. */
export function isAccount(who: AccountRef): Sql {
  return 'id' in who ? sql`id = ${who.id}` : sql`email_key = ${parseEmail(who.email)?.key ?? who.email}`
}
