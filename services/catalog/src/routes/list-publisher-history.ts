import { type App, page, pageQuery } from '@colophon/http'
import type { CatalogDeps } from '../deps.ts'
import { NameChange, nameHistory } from '../names/name-history.ts'
import { staff } from './shared/access.ts'
import { idPath } from './shared/id-path.ts'

export function listPublisherHistoryRoute(app: App, { database }: CatalogDeps): void {
  app.get(
    '/api/publishers/:id/history',
    {
      config: { access: staff, problems: ['publisher_not_found', 'invalid_cursor'] },
      schema: {
        tags: ['Publishers'],
        operationId: 'listPublisherHistory',
        summary: 'Who changed what of a publisher',
        description:
          'The newest first; for one that was removed too. That a book or a feed made it is not in it.',
        params: idPath,
        querystring: pageQuery,
        response: { 200: page(NameChange) },
      },
    },
    ({ params, query }) => nameHistory(database, 'publisher', params.id, query),
  )
}
