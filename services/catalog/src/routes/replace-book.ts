import { type App, etagOf, requireMatch } from '@colophon/http'
import Type from 'typebox'
import { editBook } from '../books/edit-book.ts'
import { restoreBook } from '../books/restore-book.ts'
import type { CatalogDeps } from '../deps.ts'
import { Book, BookInput } from '../schemas.ts'
import { staff } from './shared/access.ts'
import { bookPath } from './shared/book-path.ts'
import { editProblems } from './shared/edit-problems.ts'

export function replaceBookRoute(app: App, deps: CatalogDeps): void {
  app.put(
    '/api/books/:book',
    {
      config: { access: staff, problems: editProblems },
      schema: {
        tags: ['Books'],
        operationId: 'replaceBook',
        summary: 'Replace a book, or bring back a deleted one',
        description:
          'Fields left out are emptied, except stock and popularity, which other parts feed. A deleted book is ' +
          'brought back by `If-None-Match: *` in place of If-Match, and answered with 201.',
        params: bookPath,
        headers: Type.Object({
          'if-none-match': Type.Optional(
            Type.Literal('*', { description: 'Only a deleted book, which comes back' }),
          ),
        }),
        body: BookInput,
        response: { 200: Book, 201: Book },
      },
    },
    async (request, reply) => {
      const { book: reference } = request.params
      const actor = request.requireIdentity()
      // "Only where there is none" (RFC 9110, section 13.1.2): what is deleted is not there.
      const bringsBack = request.headers['if-none-match'] === '*'
      const book = bringsBack
        ? await restoreBook(deps, actor, reference, request.body)
        : await editBook(deps, {
            reference,
            actor,
            action: 'replaced',
            checkVersion: (version) => requireMatch(request, version),
            next: () => request.body,
          })
      reply.code(bringsBack ? 201 : 200).header('etag', etagOf(book.version))
      return book
    },
  )
}
