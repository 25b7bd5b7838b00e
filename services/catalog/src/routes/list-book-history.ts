import { type App, page, pageQuery } from '@colophon/http'
import { BookChange, bookHistory } from '../books/book-history.ts'
import type { CatalogDeps } from '../deps.ts'
import { staff } from './shared/access.ts'
import { bookPath } from './shared/book-path.ts'

export function listBookHistoryRoute(app: App, { database }: CatalogDeps): void {
  app.get(
    '/api/books/:book/history',
    {
      config: { access: staff, problems: ['book_reference_invalid', 'book_not_found', 'invalid_cursor'] },
      schema: {
        tags: ['Books'],
        operationId: 'listBookHistory',
        summary: 'Who changed what in a book',
        description:
          'The newest first; for deleted books too. A version that only followed something else is not in it: ' +
          'a price that began or ended, stock that came or went, or a new name, which is in the history of the ' +
          'contributor, publisher or subject.',
        params: bookPath,
        querystring: pageQuery,
        response: { 200: page(BookChange) },
      },
    },
    ({ params, query }) => bookHistory(database, params.book, query),
  )
}
