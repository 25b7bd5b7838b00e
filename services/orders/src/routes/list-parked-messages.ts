import { type App, page, pageQuery } from '@colophon/http'
import { listParked, ParkedMessage } from '../dead-letters/parked-messages.ts'
import type { OrdersDeps } from '../deps.ts'
import { staff } from './shared/access.ts'

export function listParkedMessagesRoute(app: App, deps: OrdersDeps): void {
  app.get(
    '/api/outbox/parked',
    {
      config: { access: staff, problems: ['invalid_cursor'] },
      schema: {
        tags: ['Dead letters'],
        operationId: 'listParkedMessages',
        summary: 'Messages that could not be published, the oldest first',
        description: 'Later messages of the same key wait for each of them.',
        querystring: pageQuery,
        response: { 200: page(ParkedMessage) },
      },
    },
    ({ query }) => listParked(deps, query),
  )
}
