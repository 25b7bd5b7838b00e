import { type App, page, pageQuery } from '@colophon/http'
import Type from 'typebox'
import { listDeadLetters } from '../dead-letters/list-dead-letters.ts'
import { DeadLetter, deadLetterFilters } from '../dead-letters/schemas.ts'
import type { OrdersDeps } from '../deps.ts'
import { staff } from './shared/access.ts'

export function listDeadLettersRoute(app: App, deps: OrdersDeps): void {
  app.get(
    '/api/dead-letters',
    {
      config: { access: staff, problems: ['invalid_cursor'] },
      schema: {
        tags: ['Dead letters'],
        operationId: 'listDeadLetters',
        summary: 'Tasks that no worker will run any more, the oldest first',
        description: 'A page may be empty and have more behind it: go on until nextCursor is null.',
        querystring: Type.Object({ ...deadLetterFilters, ...pageQuery.properties }),
        response: { 200: page(DeadLetter) },
      },
    },
    ({ query }) => listDeadLetters(deps, query),
  )
}
