import type { App } from '@colophon/http'
import Type from 'typebox'
import { replayAllMessages } from '../dead-letters/parked-messages.ts'
import type { OrdersDeps } from '../deps.ts'
import { staff } from './shared/access.ts'

const Count = Type.Object(
  { replayed: Type.Integer({ minimum: 0 }) },
  { title: 'ReplayedMessages', additionalProperties: false },
)

export function replayParkedMessagesRoute(app: App, deps: OrdersDeps): void {
  app.post(
    '/api/outbox/replays',
    {
      config: { access: staff },
      schema: {
        tags: ['Dead letters'],
        operationId: 'replayParkedMessages',
        summary: 'Have all parked messages published again',
        response: { 200: Count },
      },
    },
    async () => ({ replayed: await replayAllMessages(deps) }),
  )
}
