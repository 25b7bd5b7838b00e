import { type App, etagOf, requireMatch } from '@colophon/http'
import { editBook } from '../books/edit-book.ts'
import type { CatalogDeps } from '../deps.ts'
import { Book, BookInput } from '../schemas.ts'
import { staff } from './access.ts'
import { bookPath } from './book-path.ts'
import { editProblems } from './edit-problems.ts'

export function replaceBook(app: App, deps: CatalogDeps): void {
  app.put(
    '/api/books/:book',
    {
      config: { access: staff, problems: editProblems },
      schema: {
        tags: ['Books'],
        operationId: 'replaceBook',
        summary: 'Replace a book',
        description: 'Fields left out are emptied, except stock and popularity, which other parts feed.',
        params: bookPath,
        body: BookInput,
        response: { 200: Book },
      },
    },
    async (request, reply) => {
      const book = await editBook(deps, {
        reference: request.params.book,
        actor: request.requireIdentity(),
        action: 'replaced',
        checkVersion: (version) => requireMatch(request, version),
        next: () => request.body,
      })
      reply.header('etag', etagOf(book.version))
      return book
    },
  )
}
