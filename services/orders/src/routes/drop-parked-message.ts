import type { App } from '@colophon/http'
import Type from 'typebox'
import { dropParkedMessage } from '../dead-letters/parked-messages.ts'
import type { OrdersDeps } from '../deps.ts'
import { staff } from './shared/access.ts'
import { sequencePath } from './shared/sequence-path.ts'

export function dropParkedMessageRoute(app: App, deps: OrdersDeps): void {
  app.delete(
    '/api/outbox/parked/:sequence',
    {
      config: { access: staff, problems: ['outbox_message_not_found'] },
      schema: {
        tags: ['Dead letters'],
        operationId: 'dropParkedMessage',
        summary: 'Give a parked message up for good',
        description: 'Later messages of its key go on without it: see first what it was to do.',
        params: sequencePath,
        response: { 204: Type.Null({ description: 'Gone' }) },
      },
    },
    async ({ params }, reply) => {
      await dropParkedMessage(deps, params.sequence)
      return reply.code(204).send(null)
    },
  )
}
