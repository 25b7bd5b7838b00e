import { type App, anyOf, page, pageQuery } from '@colophon/http'
import Type from 'typebox'
import { listAccounts } from '../accounts/list-accounts.ts'
import type { AccountsDeps } from '../deps.ts'
import { Account } from '../schemas.ts'

/** GET /api/accounts: an admin looks for accounts. */
export function listAccountsRoute(app: App, deps: AccountsDeps): void {
  app.get(
    '/api/accounts',
    {
      config: { access: anyOf('admin'), problems: ['invalid_cursor'] },
      schema: {
        tags: ['Accounts'],
        operationId: 'listAccounts',
        summary: 'Accounts, the newest first',
        querystring: Type.Object({
          q: Type.Optional(
            Type.String({
              maxLength: 254,
              pattern: '^[^\\u0000]*$',
              description: 'Part of an e-mail address',
            }),
          ),
          ...pageQuery.properties,
        }),
        response: { 200: page(Account) },
      },
    },
    async (request) => listAccounts(deps, request.query),
  )
}
