import { sql } from '@colophon/postgres'
import { booksWhere } from '../names/books-where.ts'

/** The books on a subject. */
export function booksOnSubject(id: string) {
  const placed = sql`book.id in (
    select place.book_id from catalog.book_subjects place where place.subject_id = ${id})`
  return booksWhere(placed, { byYear: false })
}
