import type { App } from '@colophon/http'
import type { CatalogDeps } from '../deps.ts'
import { booksOnSubject } from '../subjects/books-on-subject.ts'
import { findSubject } from '../subjects/find-subject.ts'
import { BooksOfQuery, pageOfBooks, SortedBookPage } from './shared/books-of.ts'
import { idPath } from './shared/id-path.ts'

export function listSubjectBooksRoute(app: App, deps: CatalogDeps): void {
  app.get(
    '/api/subjects/:id/books',
    {
      config: { access: 'public', problems: ['subject_not_found', 'invalid_cursor'] },
      schema: {
        tags: ['Subjects'],
        operationId: 'listSubjectBooks',
        summary: 'The books on a subject',
        params: idPath,
        querystring: BooksOfQuery,
        response: { 200: SortedBookPage },
      },
    },
    async ({ params, query }) => {
      const { id } = await findSubject(deps.database, params.id)
      return pageOfBooks(deps, id, booksOnSubject(id), query)
    },
  )
}
