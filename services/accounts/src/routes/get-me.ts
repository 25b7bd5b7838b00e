import { type App, sendVersioned } from '@colophon/http'
import { sql } from '@colophon/postgres'
import { type Account, accountColumns } from '../accounts.ts'
import type { Deps } from '../deps.ts'
import { problem } from '../problems.ts'
import { AccountSchema } from '../schemas.ts'

/** GET /api/accounts/me: the account that asks. */
export function getMe(app: App, { db }: Deps): void {
  app.get(
    '/api/accounts/me',
    {
      config: { access: 'signed-in', problems: ['account_not_found'] },
      schema: {
        tags: ['Accounts'],
        operationId: 'getMe',
        summary: 'Your account',
        response: { 200: AccountSchema },
      },
    },
    async (request, reply) => {
      const { accountId } = request.requireIdentity()
      const account = await db.maybeOne<Account>(sql`
        SELECT ${accountColumns} FROM accounts.accounts WHERE id = ${accountId}`)
      if (!account) throw problem('account_not_found', 'this account is no more: sign in with another')
      return sendVersioned(request, reply, account.version, account)
    },
  )
}
