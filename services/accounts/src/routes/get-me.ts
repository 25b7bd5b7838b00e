import { type App, sendVersioned } from '@colophon/http'
import { sql } from '@colophon/postgres'
import { accountColumns } from '../accounts/account.ts'
import type { AccountsDeps } from '../deps.ts'
import { accountsProblem } from '../problems.ts'
import { Account } from '../schemas.ts'

/** GET /api/accounts/me: the account that asks. */
export function getMeRoute(app: App, { database }: AccountsDeps): void {
  app.get(
    '/api/accounts/me',
    {
      config: { access: 'signed-in', problems: ['account_not_found'] },
      schema: {
        tags: ['Accounts'],
        operationId: 'getMe',
        summary: 'Your account',
        response: { 200: Account },
      },
    },
    async (request, reply) => {
      const { accountId } = request.requireIdentity()
      const account = await database.maybeOne<Account>(sql`
        select ${accountColumns} from accounts.accounts where id = ${accountId}`)
      if (!account)
        throw accountsProblem('account_not_found', 'this account is no more: sign in with another')
      return sendVersioned(request, reply, account.version, account)
    },
  )
}
