import { type App, clientKey } from '@colophon/http'
import type { Deps } from '../deps.ts'
import { registerAccount } from '../operations/register-account.ts'
import { takeAttempt } from '../rate-limits.ts'
import { AccountSchema, bodyOf, EmailSchema, NameSchema, NewPasswordSchema } from '../schemas.ts'

/** POST /api/accounts: anybody makes an account, as a customer. */
export function createAccount(app: App, deps: Deps): void {
  app.post(
    '/api/accounts',
    {
      config: { access: 'public', problems: ['email_taken'] },
      schema: {
        tags: ['Accounts'],
        operationId: 'createAccount',
        summary: 'Make an account',
        body: bodyOf({ email: EmailSchema, password: NewPasswordSchema, name: NameSchema }),
        response: { 201: AccountSchema },
      },
    },
    async (request, reply) => {
      takeAttempt(deps.limiters.signUps, clientKey(request.ip), deps.clock())
      const { email, password, name } = request.body
      reply.code(201)
      return registerAccount(deps, { email, password, name })
    },
  )
}
