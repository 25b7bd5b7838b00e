import type { App } from '@colophon/http'
import { findDeadLetter } from '../dead-letters/find-dead-letter.ts'
import { DeadLetterDetails } from '../dead-letters/schemas.ts'
import type { OrdersDeps } from '../deps.ts'
import { staff } from './shared/access.ts'
import { idPath } from './shared/id-path.ts'

export function getDeadLetterRoute(app: App, deps: OrdersDeps): void {
  app.get(
    '/api/dead-letters/:id',
    {
      config: { access: staff, problems: ['dead_letter_not_found'] },
      schema: {
        tags: ['Dead letters'],
        operationId: 'getDeadLetter',
        summary: 'A dead letter with its error, its history and its arguments',
        params: idPath,
        response: { 200: DeadLetterDetails },
      },
    },
    ({ params }) => findDeadLetter(deps, params.id),
  )
}
