import { type App, page, pageQuery } from '@colophon/http'
import type { CatalogDeps } from '../deps.ts'
import { NameChange, nameHistory } from '../names/name-history.ts'
import { staff } from './shared/access.ts'
import { idPath } from './shared/id-path.ts'

export function listSubjectHistoryRoute(app: App, { database }: CatalogDeps): void {
  app.get(
    '/api/subjects/:id/history',
    {
      config: { access: staff, problems: ['subject_not_found', 'invalid_cursor'] },
      schema: {
        tags: ['Subjects'],
        operationId: 'listSubjectHistory',
        summary: 'Who changed what of a subject',
        description: 'The newest first. That a book or a feed made it is not in it.',
        params: idPath,
        querystring: pageQuery,
        response: { 200: page(NameChange) },
      },
    },
    ({ params, query }) => nameHistory(database, 'subject', params.id, query),
  )
}
