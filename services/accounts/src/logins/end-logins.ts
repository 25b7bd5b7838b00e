import { type Queryable, sql } from '@colophon/postgres'

/** Ends every session and every refresh token of an account, but for the session that asks for it. */
export async function endLogins(
  tx: Queryable,
  accountId: string,
  exceptSession: string | null,
): Promise<void> {
  await tx.query(sql`
    delete from accounts.sessions
    where account_id = ${accountId} and id is distinct from ${exceptSession}::uuid`)
  await tx.query(sql`delete from accounts.refresh_tokens where account_id = ${accountId}`)
}
