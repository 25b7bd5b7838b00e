import { type App, anyOf, page, pageQuery, uuid } from '@colophon/http'
import Type from 'typebox'
import { listHistory } from '../accounts/list-history.ts'
import type { AccountsDeps } from '../deps.ts'
import { AccountChange } from '../schemas.ts'

/** GET /api/accounts/{id}/history: an admin sees who did what to an account. */
export function listAccountHistoryRoute(app: App, { database }: AccountsDeps): void {
  app.get(
    '/api/accounts/:id/history',
    {
      config: { access: anyOf('admin'), problems: ['account_not_found', 'invalid_cursor'] },
      schema: {
        tags: ['Accounts'],
        operationId: 'listAccountHistory',
        summary: 'Who did what to an account',
        description: 'The newest first, from the command line too; what is older than two years is gone.',
        params: Type.Object({ id: uuid() }),
        querystring: pageQuery,
        response: { 200: page(AccountChange) },
      },
    },
    ({ params, query }) => listHistory(database, params.id, query),
  )
}
