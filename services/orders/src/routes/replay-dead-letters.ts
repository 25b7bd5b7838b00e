import { type App, nullable } from '@colophon/http'
import Type from 'typebox'
import { mostAtOnce, replayDeadLetters } from '../dead-letters/replay-dead-letters.ts'
import { deadLetterFilters, ReplayedMany } from '../dead-letters/schemas.ts'
import type { OrdersDeps } from '../deps.ts'
import { staff } from './shared/access.ts'

export function replayDeadLettersRoute(app: App, deps: OrdersDeps): void {
  app.post(
    '/api/dead-letter-replays',
    {
      config: { access: staff },
      schema: {
        tags: ['Dead letters'],
        operationId: 'replayDeadLetters',
        summary: 'Send the oldest dead letters to their queues again',
        description: `At most ${mostAtOnce} a call. No body, or {}, means all of them, whatever task, queue and reason.`,
        body: nullable(
          Type.Object(deadLetterFilters, { title: 'DeadLetterFilter', additionalProperties: false }),
        ),
        response: { 200: ReplayedMany },
      },
    },
    ({ body }) => replayDeadLetters(deps, body ?? {}),
  )
}
