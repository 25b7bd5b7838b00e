import { type App, page, pageQuery } from '@colophon/http'
import type { CatalogDeps } from '../deps.ts'
import { NameChange, nameHistory } from '../names/name-history.ts'
import { staff } from './shared/access.ts'
import { idPath } from './shared/id-path.ts'

export function listContributorHistoryRoute(app: App, { database }: CatalogDeps): void {
  app.get(
    '/api/contributors/:id/history',
    {
      config: { access: staff, problems: ['contributor_not_found', 'invalid_cursor'] },
      schema: {
        tags: ['Contributors'],
        operationId: 'listContributorHistory',
        summary: 'Who changed what of a contributor',
        description:
          'The newest first; for one that was removed too. That a book or a feed made it is not in it.',
        params: idPath,
        querystring: pageQuery,
        response: { 200: page(NameChange) },
      },
    },
    ({ params, query }) => nameHistory(database, 'contributor', params.id, query),
  )
}
