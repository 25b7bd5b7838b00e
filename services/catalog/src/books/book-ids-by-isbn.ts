import { type Queryable, sql } from '@colophon/postgres'

/** The ids of books by ISBN-13; those that no book has, or a deleted one, are left out. */
export async function bookIdsByIsbn(db: Queryable, isbn13s: readonly string[]): Promise<Map<string, string>> {
  if (isbn13s.length === 0) return new Map()
  const rows = await db.query<{ isbn13: string; id: string }>(sql`
    select identifier.value as isbn13, book.id
    from catalog.identifiers identifier join catalog.books book on book.id = identifier.book_id
    where identifier.scheme = 'isbn13' and identifier.value = any(${isbn13s}::text[]) and book.deleted_at is null`)
  return new Map(rows.map(({ isbn13, id }) => [isbn13, id]))
}
