import type { Identity } from '@colophon/http'
import { sql } from '@colophon/postgres'
import type { Deps } from '../deps.ts'
import { expiryAfterUse } from '../lifetimes.ts'
import { actingRoles, type Role } from '../roles.ts'
import { isSecret, secretHash } from '../secret-tokens.ts'

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
  { db, clock }: Pick<Deps, 'db' | 'clock'>,
  cookieValue: string,
): Promise<Identity | null> {
  if (!isSecret(cookieValue)) return null
  const now = clock()
  const session = await db.maybeOne<SessionRow>(
    sql`
    SELECT session.id, account.id AS "accountId", roles, started_at AS "startedAt", expires_at AS "expiresAt"
    FROM accounts.sessions AS session JOIN accounts.accounts AS account ON account.id = session.account_id
    WHERE token_hash = ${secretHash(cookieValue)} AND expires_at > ${now}`,
    { name: 'session-identity' },
  )
  if (!session) return null
  const expiresAt = expiryAfterUse(new Date(session.startedAt), now)
  if (expiresAt.getTime() - Date.parse(session.expiresAt) >= worthWriting) {
    await db.query(sql`UPDATE accounts.sessions SET expires_at = ${expiresAt} WHERE id = ${session.id}`)
  }
  return {
    accountId: session.accountId,
    roles: actingRoles(session.roles),
    via: 'session',
    sessionId: session.id,
  }
}
