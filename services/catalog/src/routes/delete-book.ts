import { type App, requireMatch } from '@colophon/http'
import Type from 'typebox'
import { deleteBook } from '../books/delete-book.ts'
import type { CatalogDeps } from '../deps.ts'
import { staff } from './shared/access.ts'
import { bookPath } from './shared/book-path.ts'

export function deleteBookRoute(app: App, deps: CatalogDeps): void {
  app.delete(
    '/api/books/:book',
    {
      config: {
        access: staff,
        problems: [
          'book_reference_invalid',
          'book_not_found',
          'book_deleted',
          'precondition_required',
          'precondition_failed',
        ],
      },
      schema: {
        tags: ['Books'],
        operationId: 'deleteBook',
        summary: 'Take a book out of the catalogue',
        description:
          'It stays known, and its ISBN stays taken. Adding its ISBN again brings it back, and so does a PUT with ' +
          '`If-None-Match: *`, which one without an ISBN needs.',
        params: bookPath,
        response: { 204: Type.Null({ description: 'Deleted' }) },
      },
    },
    async (request, reply) => {
      await deleteBook(deps, request.params.book, request.requireIdentity(), (version) =>
        requireMatch(request, version),
      )
      return reply.code(204).send(null)
    },
  )
}
