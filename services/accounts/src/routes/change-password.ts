import type { App, Identity } from '@colophon/http'
import { sql } from '@colophon/postgres'
import Type from 'typebox'
import { recordHistory } from '../accounts/history.ts'
import type { Role } from '../accounts/roles.ts'
import type { AccountsDeps } from '../deps.ts'
import { endLogins } from '../logins/end-logins.ts'
import { passwordFlaw } from '../passwords/password-rule.ts'
import { accountsProblem, refusedField } from '../problems.ts'
import { takeAttempt } from '../rate-limits.ts'
import { bodyOf, GivenPassword, NewPassword } from '../schemas.ts'

/** POST /api/accounts/me/password: somebody changes their password, and is signed out everywhere else. */
export function changePasswordRoute(app: App, deps: AccountsDeps): void {
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
        body: bodyOf({ currentPassword: GivenPassword, newPassword: NewPassword }),
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
  roles: Role[]
  passwordHash: string
  passwordVersion: number
}

async function change(
  { database, hasher, limiters, now }: AccountsDeps,
  { accountId, sessionId }: Identity,
  { currentPassword, newPassword }: { currentPassword: string; newPassword: string },
): Promise<void> {
  takeAttempt(limiters.passwordChanges, accountId, now())
  const row = await database.maybeOne<CredentialRow>(sql`
    select email, roles, password_hash as "passwordHash", password_version as "passwordVersion"
    from accounts.accounts where id = ${accountId}`)
  if (!row || !(await hasher.verify(currentPassword, row.passwordHash))) throw wrongPassword()
  const flaw = passwordFlaw(newPassword, row)
  if (flaw) throw refusedField('newPassword', flaw.code, flaw.message)
  const hash = await hasher.hash(newPassword)
  await database.transaction(async (tx) => {
    const [changed] = await tx.query(sql`
      update accounts.accounts
      set password_hash = ${hash}, password_version = password_version + 1, version = version + 1
      where id = ${accountId} and password_version = ${row.passwordVersion} returning id`)
    if (!changed) throw wrongPassword()
    await endLogins(tx, accountId, sessionId ?? null)
    await recordHistory(tx, { accountId, actor: accountId, action: 'password_changed' }, now())
  })
}

function wrongPassword() {
  return accountsProblem('wrong_password', 'currentPassword is not the password of this account')
}
