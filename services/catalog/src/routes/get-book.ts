import { type App, etagOf, sendVersioned } from '@colophon/http'
import { findBook } from '../books/find-book.ts'
import { publicBook } from '../books/read-books.ts'
import { type CatalogDeps, priceView } from '../deps.ts'
import { Book } from '../schemas.ts'
import { bookPath } from './shared/book-path.ts'

export function getBookRoute(app: App, deps: CatalogDeps): void {
  app.get(
    '/api/books/:book',
    {
      config: { access: 'public', problems: ['book_reference_invalid', 'book_not_found', 'book_deleted'] },
      schema: {
        tags: ['Books'],
        operationId: 'getBook',
        summary: 'A book by its id or its ISBN',
        params: bookPath,
        response: { 200: Book },
      },
    },
    async (request, reply) => {
      const book = await findBook(deps.database, request.params.book, priceView(deps))
      if (!book.isAhead) return sendVersioned(request, reply, book.version, publicBook(book))
      // Its version was of another price or name until now: no 304 by it.
      reply.header('etag', etagOf(book.version))
      return publicBook(book)
    },
  )
}
