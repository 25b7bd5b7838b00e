import type { App } from '@colophon/http'
import Type from 'typebox'
import { dropDeadLetter } from '../dead-letters/find-dead-letter.ts'
import type { OrdersDeps } from '../deps.ts'
import { staff } from './shared/access.ts'
import { idPath } from './shared/id-path.ts'

export function dropDeadLetterRoute(app: App, deps: OrdersDeps): void {
  app.delete(
    '/api/dead-letters/:id',
    {
      config: { access: staff, problems: ['dead_letter_not_found'] },
      schema: {
        tags: ['Dead letters'],
        operationId: 'dropDeadLetter',
        summary: 'Forget a dead letter for good',
        params: idPath,
        response: { 204: Type.Null({ description: 'Gone' }) },
      },
    },
    async ({ params }, reply) => {
      await dropDeadLetter(deps, params.id)
      return reply.code(204).send(null)
    },
  )
}
