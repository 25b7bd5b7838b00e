import { isUuid } from '@colophon/http'
import { parseIsbn } from '@colophon/isbn'
import type { Queryable } from '@colophon/postgres'
import { catalogProblem } from '../problems.ts'
import { type KnownBook, type PriceView, readBook, readBookByIsbn } from './read-books.ts'

/**
 * The book that a path names by its id or by any written form of its ISBN.
 * @throws Problem book_reference_invalid, book_not_found or book_deleted
 */
export async function findBook(db: Queryable, reference: string, view: PriceView): Promise<KnownBook> {
  const book = await findKnownBook(db, reference, view)
  if (book.deletedAt === null) return book
  throw catalogProblem('book_deleted', `the book "${book.title}" was deleted on ${book.deletedAt}`)
}

/** The same, a deleted one too. @throws Problem book_reference_invalid or book_not_found */
export async function findKnownBook(db: Queryable, reference: string, view: PriceView): Promise<KnownBook> {
  const named = readReference(reference)
  const book =
    'id' in named ? await readBook(db, named.id, view) : await readBookByIsbn(db, named.isbn13, view)
  if (book) return book
  throw catalogProblem('book_not_found', `no book has the id or ISBN ${reference}`)
}

/**
 * What a path names a book by: its id, or any written form of its ISBN.
 * @throws Problem book_reference_invalid
 */
export function readReference(reference: string): { id: string } | { isbn13: string } {
  if (isUuid(reference)) return { id: reference }
  const result = parseIsbn(reference)
  if (result.ok) return { isbn13: result.isbn.isbn13 }
  throw catalogProblem('book_reference_invalid', `a book is named by its id or its ISBN: ${result.message}`)
}
