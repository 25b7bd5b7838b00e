import type { App, Identity } from '@colophon/http'
import { sql } from '@colophon/postgres'
import Type from 'typebox'
import type { Deps } from '../deps.ts'
import { endLogins } from '../operations/end-logins.ts'
import { refusedField } from '../operations/register-account.ts'
import { passwordFlaw } from '../passwords.ts'
import { problem } from '../problems.ts'
import { takeAttempt } from '../rate-limits.ts'
import { bodyOf, GivenPasswordSchema, NewPasswordSchema } from '../schemas.ts'

/** POST /api/accounts/me/password: somebody changes their password, and is signed out everywhere else. */
export function changePassword(app: App, deps: Deps): void {
  app.post(
    '/api/accounts/me/password',
    {
      config: { access: 'signed-in', problems: ['wrong_password'] },
      schema: {
        tags: ['Accounts'],
        operationId: 'changePassword',
        summary: 'Change your password',
        description:
          'Ends every other session and every refresh token of the account; the session that asks stays. ' +
          'Access tokens that are out stay good until they expire, for 15 minutes at most; those made for scripts on ' +
          'the command line, to live longer than that, end within 15 seconds.',
        body: bodyOf({ currentPassword: GivenPasswordSchema, newPassword: NewPasswordSchema }),
        response: { 204: Type.Null() },
      },
    },
    async (request, reply) => {
      const identity = request.requireIdentity()
      await change(deps, identity, request.body)
      deps.logger.info({ accountId: identity.accountId }, 'password changed')
      return reply.code(204).send(null)
    },
  )
}

interface CredentialRow {
  email: string
  passwordHash: string
  passwordVersion: number
}

async function change(
  { db, hasher, limiters, clock }: Deps,
  { accountId, sessionId }: Identity,
  { currentPassword, newPassword }: { currentPassword: string; newPassword: string },
): Promise<void> {
  takeAttempt(limiters.passwordChanges, accountId, clock())
  const row = await db.maybeOne<CredentialRow>(sql`
    SELECT email, password_hash AS "passwordHash", password_version AS "passwordVersion"
    FROM accounts.accounts WHERE id = ${accountId}`)
  if (!row || !(await hasher.verify(currentPassword, row.passwordHash))) throw wrongPassword()
  const flaw = passwordFlaw(newPassword, row.email)
  if (flaw) throw refusedField('newPassword', flaw.code, flaw.message)
  const hash = await hasher.hash(newPassword)
  await db.transaction(async (tx) => {
    const [changed] = await tx.query(sql`
      UPDATE accounts.accounts
      SET password_hash = ${hash}, password_version = password_version + 1, version = version + 1
      WHERE id = ${accountId} AND password_version = ${row.passwordVersion} RETURNING id`)
    if (!changed) throw wrongPassword()
    await endLogins(tx, accountId, sessionId ?? null)
  })
}

function wrongPassword() {
  return problem('wrong_password', 'currentPassword is not the password of this account')
}
