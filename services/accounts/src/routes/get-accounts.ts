import { type App, anyOf, page, pageQuery } from '@colophon/http'
import Type from 'typebox'
import type { Deps } from '../deps.ts'
import { listAccounts } from '../operations/list-accounts.ts'
import { AccountSchema } from '../schemas.ts'

/** GET /api/accounts: an admin looks for accounts. */
export function getAccounts(app: App, deps: Deps): void {
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
        response: { 200: page(AccountSchema) },
      },
    },
    async (request) => listAccounts(deps, request.query),
  )
}
