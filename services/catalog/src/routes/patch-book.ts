import { type App, etagOf, requireMatch } from '@colophon/http'
import { editBook } from '../books/edit-book.ts'
import { patched } from '../books/patched.ts'
import type { CatalogDeps } from '../deps.ts'
import { Book, BookPatch } from '../schemas.ts'
import { staff } from './shared/access.ts'
import { bookPath } from './shared/book-path.ts'
import { editProblems } from './shared/edit-problems.ts'

export function patchBookRoute(app: App, deps: CatalogDeps): void {
  app.patch(
    '/api/books/:book',
    {
      config: { access: staff, problems: editProblems },
      schema: {
        tags: ['Books'],
        operationId: 'patchBook',
        summary: 'Change some fields of a book',
        description:
          'A JSON merge patch (RFC 7396): null empties a field, what is left out stays, a list is replaced. ' +
          'Either form of the ISBN changes both, and a year that is the one of publishedOn follows it.',
        consumes: ['application/merge-patch+json', 'application/json'],
        params: bookPath,
        body: BookPatch,
        response: { 200: Book },
      },
    },
    async (request, reply) => {
      const book = await editBook(deps, {
        reference: request.params.book,
        actor: request.requireIdentity(),
        action: 'patched',
        checkVersion: (version) => requireMatch(request, version),
        next: (current) => patched(current, request.body),
      })
      reply.header('etag', etagOf(book.version))
      return book
    },
  )
}
