import { sql } from '@colophon/postgres'
import type { CatalogDeps } from '../deps.ts'
import { refuseTaken } from '../names/refuse-taken.ts'
import { catalogProblem } from '../problems.ts'

/** Runs a write and refuses a second book with one ISBN. @throws Problem isbn_taken naming the first */
export function refuseTakenIsbn<T>({ database }: CatalogDeps, write: () => Promise<T>): Promise<T> {
  return refuseTaken('identifiers_pkey', write, async (cause) => {
    const isbn13 = takenValue(cause)
    const holder = await database.maybeOne<{ id: string; title: string; deleted: boolean }>(sql`
      select book.id, book.title, book.deleted_at is not null as deleted
      from catalog.identifiers identifier join catalog.books book on book.id = identifier.book_id
      where identifier.scheme = 'isbn13' and identifier.value = ${isbn13}`)
    const which = holder
      ? `"${holder.title}" (${holder.id})${holder.deleted ? ', which was deleted,' : ''}`
      : 'another book'
    return catalogProblem('isbn_taken', `${which} has the ISBN ${isbn13}`, {
      cause,
      ...(holder && { extra: { bookId: holder.id } }),
    })
  })
}

/** PostgreSQL's detail reads: Key (scheme, value)=(isbn13, 9780439023481) already exists. */
function takenValue(error: unknown): string {
  const detail = error instanceof Error && 'detail' in error ? String(error.detail) : ''
  return /\(isbn13, (\d{13})\)/.exec(detail)?.[1] ?? ''
}
