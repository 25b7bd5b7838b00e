import type { App } from '@colophon/http'
import { replayDeadLetter } from '../dead-letters/replay-dead-letters.ts'
import { Replayed } from '../dead-letters/schemas.ts'
import type { OrdersDeps } from '../deps.ts'
import { staff } from './shared/access.ts'
import { idPath } from './shared/id-path.ts'

export function replayDeadLetterRoute(app: App, deps: OrdersDeps): void {
  app.post(
    '/api/dead-letters/:id/replay',
    {
      config: { access: staff, problems: ['dead_letter_not_found', 'dead_letter_stays'] },
      schema: {
        tags: ['Dead letters'],
        operationId: 'replayDeadLetter',
        summary: 'Send a dead letter to its queue again, as a new task',
        params: idPath,
        response: { 200: Replayed },
      },
    },
    ({ params }) => replayDeadLetter(deps, params.id),
  )
}
