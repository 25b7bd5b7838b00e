import { sql } from '@colophon/postgres'
import type { Role } from '../books/draft.ts'
import { booksWhere } from '../names/books-where.ts'

/** The books that credit a contributor, in a role if one is given. */
export function booksOfContributor(id: string, role?: Role) {
  const credited = sql`book.id in (
    select credit.book_id from catalog.book_contributors credit
    where credit.contributor_id = ${id} and ${role ? sql`credit.role = ${role}` : sql`true`})`
  return booksWhere(credited, { byYear: true })
}
