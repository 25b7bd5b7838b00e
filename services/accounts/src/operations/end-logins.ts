import { type Queryable, sql } from '@colophon/postgres'

/** Ends every session and every refresh token of an account, but for the session that asks for it. */
export async function endLogins(
  tx: Queryable,
  accountId: string,
  exceptSession: string | null,
): Promise<void> {
  await tx.query(sql`
    DELETE FROM accounts.sessions
    WHERE account_id = ${accountId} AND id IS DISTINCT FROM ${exceptSession}::uuid`)
  await tx.query(sql`DELETE FROM accounts.refresh_tokens WHERE account_id = ${accountId}`)
}
