import { type App, etagOf } from '@colophon/http'
import { createBook } from '../books/create-book.ts'
import type { CatalogDeps } from '../deps.ts'
import { Book, BookInput } from '../schemas.ts'
import { staff } from './shared/access.ts'

export function createBookRoute(app: App, deps: CatalogDeps): void {
  app.post(
    '/api/books',
    {
      config: { access: staff, problems: ['book_invalid', 'isbn_taken'] },
      schema: {
        tags: ['Books'],
        operationId: 'createBook',
        summary: 'Add a book, or bring back a deleted one by its ISBN',
        description:
          'A deleted book of the ISBN comes back with its id and history, as the body has it; stock and ' +
          'popularity, which other parts feed, stay unless the body says.',
        body: BookInput,
        response: { 201: Book },
      },
    },
    async (request, reply) => {
      const book = await createBook(deps, request.requireIdentity(), request.body)
      reply.code(201).header('location', `/api/books/${book.id}`).header('etag', etagOf(book.version))
      return book
    },
  )
}
