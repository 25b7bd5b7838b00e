import { type App, clientKey } from '@colophon/http'
import { createAccount } from '../accounts/create-account.ts'
import { refuseFirstAdminEmail } from '../accounts/first-admin.ts'
import type { AccountsDeps } from '../deps.ts'
import { takeAttempt } from '../rate-limits.ts'
import { Account, bodyOf, Email, Name, NewPassword } from '../schemas.ts'

/** POST /api/accounts: anybody makes an account, as a customer. */
export function createAccountRoute(app: App, deps: AccountsDeps): void {
  app.post(
    '/api/accounts',
    {
      config: { access: 'public', problems: ['email_taken'] },
      schema: {
        tags: ['Accounts'],
        operationId: 'createAccount',
        summary: 'Make an account',
        body: bodyOf({ email: Email, password: NewPassword, name: Name }),
        response: { 201: Account },
      },
    },
    async (request, reply) => {
      takeAttempt(deps.limiters.signUps, clientKey(request.ip), deps.now())
      const { email, password, name } = request.body
      await refuseFirstAdminEmail(deps, email)
      reply.code(201)
      return createAccount(deps, { email, password, name }, null)
    },
  )
}
