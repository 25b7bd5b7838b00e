import { type App, etagOf, type FieldProblem, mergePatch, requireMatch } from '@colophon/http'
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

/**
 * The book as it is to be. The patch fits its schema, but half a price makes a whole one only with what was
 * there. A publisher is a reference: another name means another publisher.
 */
function patched(current: Book, patch: BookPatch): BookInput {
  const next = mergePatch({ ...current, ...(patch.publisher && { publisher: null }) }, patch)
  if (bookInput.Check(next)) return next
  const errors = bookInput.Errors(next).flatMap(problemsOf)
  throw catalogProblem('book_invalid', 'the book would not be valid after this patch', { errors })
}

type SchemaError = ReturnType<typeof bookInput.Errors>[number]

function problemsOf(error: SchemaError): FieldProblem[] {
  const { keyword, instancePath: path, message } = error
  if (keyword === 'required') {
    return error.params.requiredProperties.map((name) => ({
      path: `${path}/${name}`,
      code: 'required',
      message: 'is required, since the book has none yet',
    }))
  }
  // Of "this or null", what is wrong with this is said already.
  if (keyword === 'anyOf' || (keyword === 'type' && error.params.type === 'null')) return []
  return [{ path, code: 'invalid_value', message }]
}
