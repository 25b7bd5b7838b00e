import type { App } from '@colophon/http'
import type { CatalogDeps } from '../deps.ts'
import { booksOfPublisher } from '../publishers/books-of-publisher.ts'
import { findPublisher } from '../publishers/find-publisher.ts'
import { BooksOfQuery, pageOfBooks, SortedBookPage } from './shared/books-of.ts'
import { idPath } from './shared/id-path.ts'

export function listPublisherBooksRoute(app: App, deps: CatalogDeps): void {
  app.get(
    '/api/publishers/:id/books',
    {
      config: { access: 'public', problems: ['publisher_not_found', 'invalid_cursor'] },
      schema: {
        tags: ['Publishers'],
        operationId: 'listPublisherBooks',
        summary: 'The books of a publisher',
        params: idPath,
        querystring: BooksOfQuery,
        response: { 200: SortedBookPage },
      },
    },
    async ({ params, query }) => {
      const { id } = await findPublisher(deps.database, params.id)
      return pageOfBooks(deps, id, booksOfPublisher(id), query)
    },
  )
}
