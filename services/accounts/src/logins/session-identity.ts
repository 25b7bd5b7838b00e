import type { Identity } from '@colophon/http'
import { sql } from '@colophon/postgres'
import { actingRoles, type Role } from '../accounts/roles.ts'
import type { AccountsDeps } from '../deps.ts'
import { expiryAfterUse } from './lifetimes.ts'
import { isSecret, secretHash } from './secret-tokens.ts'

/** A session is written to when its use puts its end off by at least this, in milliseconds. */
const worthWriting = 60 * 60 * 1000

interface SessionRow {
  id: string
  accountId: string
  roles: Role[]
  startedAt: string
  expiresAt: string
}

/** Who a session's cookie stands for, with the roles of this moment; null when it has ended or never was. */
export async function sessionIdentity(
  { database, now }: Pick<AccountsDeps, 'database' | 'now'>,
  cookieValue: string,
): Promise<Identity | null> {
  if (!isSecret(cookieValue)) return null
  const at = now()
  const session = await database.maybeOne<SessionRow>(
    sql`
    select session.id, account.id as "accountId", roles, started_at as "startedAt", expires_at as "expiresAt"
    from accounts.sessions as session join accounts.accounts as account on account.id = session.account_id
    where token_hash = ${secretHash(cookieValue)} and expires_at > ${at}`,
    { name: 'session-identity' },
  )
  if (!session) return null
  const expiresAt = expiryAfterUse(new Date(session.startedAt), at)
  if (expiresAt.getTime() - Date.parse(session.expiresAt) >= worthWriting) {
    await database.query(sql`update accounts.sessions set expires_at = ${expiresAt} where id = ${session.id}`)
  }
  return {
    accountId: session.accountId,
    roles: actingRoles(session.roles),
    sessionId: session.id,
  }
}
