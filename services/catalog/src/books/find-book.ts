import { parseIsbn } from '@colophon/isbn'
import type { Queryable } from '@colophon/postgres'
import { catalogProblem } from '../problems.ts'
import { type KnownBook, type PriceView, readBook, readBookByIsbn } from './read-books.ts'

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/**
 * The book that a path names by its id or by any written form of its ISBN.
 * @throws Problem book_reference_invalid, book_not_found or book_deleted
 */
export async function findBook(db: Queryable, reference: string, view: PriceView): Promise<KnownBook> {
  const book = await lookUp(db, reference, view)
  if (!book) throw catalogProblem('book_not_found', `no book has the id or ISBN ${reference}`)
  if (book.deletedAt !== null) {
    throw catalogProblem('book_deleted', `the book "${book.title}" was deleted on ${book.deletedAt}`)
  }
  return book
}

async function lookUp(db: Queryable, reference: string, view: PriceView): Promise<KnownBook | undefined> {
  if (uuid.test(reference)) return readBook(db, reference, view)
  const result = parseIsbn(reference)
  if (result.ok) return readBookByIsbn(db, result.isbn.isbn13, view)
  throw catalogProblem('book_reference_invalid', `a book is named by its id or its ISBN: ${result.message}`)
}
