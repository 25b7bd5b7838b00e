import { isUniqueViolation, sql } from '@colophon/postgres'
import type { CatalogDeps } from '../deps.ts'
import { catalogProblem } from '../problems.ts'

/**
 * Runs a write and turns the database's refusal of a second book with one ISBN into the problem that names
 * the first. The constraint decides and no look-up before it, so that two writers at once cannot both pass.
 */
export async function refuseTakenIsbn<T>({ database }: CatalogDeps, write: () => Promise<T>): Promise<T> {
  try {
    return await write()
  } catch (error) {
    if (!isUniqueViolation(error, 'identifiers_pkey')) throw error
    const isbn13 = takenValue(error)
    const holder = await database.maybeOne<{ id: string; title: string; deleted: boolean }>(sql`
      select book.id, book.title, book.deleted_at is not null as deleted
      from catalog.identifiers identifier join catalog.books book on book.id = identifier.book_id
      where identifier.scheme = 'isbn13' and identifier.value = ${isbn13}`)
    const which = holder
      ? `"${holder.title}" (${holder.id})${holder.deleted ? ', which was deleted,' : ''}`
      : 'another book'
    const extra = holder && { bookId: holder.id }
    throw catalogProblem('isbn_taken', `${which} has the ISBN ${isbn13}`, {
      cause: error,
      ...(extra && { extra }),
    })
  }
}

/** PostgreSQL's detail reads: Key (scheme, value)=(isbn13, 9780439023481) already exists. */
function takenValue(error: unknown): string {
  const detail = error instanceof Error && 'detail' in error ? String(error.detail) : ''
  return /\(isbn13, (\d{13})\)/.exec(detail)?.[1] ?? ''
}
