import type { App } from '@colophon/http'
import Type from 'typebox'
import { replayParkedMessage } from '../dead-letters/parked-messages.ts'
import type { OrdersDeps } from '../deps.ts'
import { staff } from './shared/access.ts'
import { sequencePath } from './shared/sequence-path.ts'

export function replayParkedMessageRoute(app: App, deps: OrdersDeps): void {
  app.post(
    '/api/outbox/parked/:sequence/replay',
    {
      config: { access: staff, problems: ['outbox_message_not_found'] },
      schema: {
        tags: ['Dead letters'],
        operationId: 'replayParkedMessage',
        summary: 'Have a parked message published again',
        params: sequencePath,
        response: { 204: Type.Null({ description: 'The relay takes it next' }) },
      },
    },
    async ({ params }, reply) => {
      await replayParkedMessage(deps, params.sequence)
      return reply.code(204).send(null)
    },
  )
}
