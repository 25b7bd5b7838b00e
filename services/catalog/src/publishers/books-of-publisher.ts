import { sql } from '@colophon/postgres'
import { booksWhere } from '../names/books-where.ts'

/** The books of a publisher. */
export function booksOfPublisher(id: string) {
  return booksWhere(sql`book.publisher_id = ${id}`, { byYear: true })
}
