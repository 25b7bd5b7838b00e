import { createCheck, mergePatch } from '@colophon/http'
import { catalogProblem } from '../problems.ts'
import { type Book, BookInput, type BookPatch } from '../schemas.ts'
import { yearOf } from './draft.ts'

const checkInput = createCheck(BookInput)

/**
 * The book as it is to be after a merge patch (RFC 7396). The patch fits its schema, but half a price makes a
 * whole one only with what was there.
 * @throws Problem book_invalid
 */
export function patched(current: Book, patch: BookPatch): BookInput {
  refuseHalfAnIsbn(current, patch)
  const next = mergePatch({ ...current, ...forgotten(current, patch) }, patch)
  const errors = checkInput(next)
  if (errors.length === 0) return next as BookInput
  throw catalogProblem('book_invalid', 'the book would not be valid after this patch', { errors })
}

/** What would stay by the letter of the patch, and would speak against what it says. */
function forgotten(current: Book, patch: BookPatch): Partial<Book> {
  return {
    // A publisher is a reference: another name means another publisher.
    ...(patch.publisher && { publisher: null }),
    // Either field gives the ISBN.
    ...(patch.isbn13 !== undefined && { isbn10: null }),
    ...(patch.isbn10 && { isbn13: null }),
    // A year that is the day's own follows another day; that of a first publication stays beside a reprint's.
    ...(patch.publishedOn && current.year === yearOf(current.publishedOn) && { year: null }),
  }
}

function refuseHalfAnIsbn({ isbn10 }: Book, patch: BookPatch): void {
  if (patch.isbn10 !== null || patch.isbn13 !== undefined || isbn10 === null) return
  const message = 'it is isbn13 in another form: to take the ISBN away, set isbn13 to null'
  const errors = [{ path: '/isbn10', code: 'isbn_mismatch', message }]
  throw catalogProblem('book_invalid', `/isbn10: ${message}`, { errors })
}
