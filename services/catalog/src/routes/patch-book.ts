import { type App, etagOf, mergePatch, requireMatch } from '@colophon/http'
import { Compile } from 'typebox/compile'
import { editBook } from '../books/edit-book.ts'
import type { CatalogDeps } from '../deps.ts'
import { catalogProblem } from '../problems.ts'
import { Book, BookInput, BookPatch } from '../schemas.ts'
import { staff } from './access.ts'
import { bookPath } from './book-path.ts'
import { editProblems } from './edit-problems.ts'

const bookInput = Compile(BookInput)

export function patchBook(app: App, deps: CatalogDeps): void {
  app.patch(
    '/api/books/:book',
    {
      config: { access: staff, problems: editProblems },
      schema: {
        tags: ['Books'],
        operationId: 'patchBook',
        summary: 'Change some fields of a book',
        description:
          'A JSON merge patch (RFC 7396): null empties a field, what is left out stays, a list is replaced.',
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

/** The patch fits its schema, but half of a nested object may not make a whole one with what was there. */
function patched(current: Book, patch: unknown): BookInput {
  const next = mergePatch(current, patch)
  if (bookInput.Check(next)) return next
  const errors = bookInput.Errors(next).map((error) => ({
    path: error.instancePath,
    code: error.keyword,
    message: error.message,
  }))
  throw catalogProblem('book_invalid', 'the book would not be valid after this patch', { errors })
}
