import { type Queryable, raw, type Sql, sql } from '@colophon/postgres'
import { bookColumns, bookOf, type PriceView } from '../books/read-books.ts'
import type { KeyPosition } from '../key-cursor.ts'
import type { Book } from '../schemas.ts'
import type { Selection } from './selection.ts'

interface Sort {
  /** An indexed expression over `book`. */
  key: Sql
  type: 'text' | 'integer'
  direction: 'asc' | 'desc'
}

/** The orders that an index gives, each with the id as its last word. Books without a price come last. */
export const sorts = {
  popularity: { key: sql`book.popularity`, type: 'integer', direction: 'desc' },
  newest: { key: sql`book.released_order`, type: 'integer', direction: 'desc' },
  title: { key: sql`book.title_sort`, type: 'text', direction: 'asc' },
  price: { key: sql`coalesce(book.price_today, 2147483647)`, type: 'integer', direction: 'asc' },
  '-price': { key: sql`coalesce(book.price_today, -1)`, type: 'integer', direction: 'desc' },
} as const satisfies Record<string, Sort>

export type SortName = keyof typeof sorts

export interface SortedPage {
  items: Book[]
  next: KeyPosition | null
}

/** One page of the selected books in the order of an index, after a position. */
export async function pageBySort(
  db: Queryable,
  { where, byYear }: Selection,
  sortName: SortName,
  after: KeyPosition | null,
  limit: number,
  view: PriceView,
): Promise<SortedPage> {
  const { key: indexed, direction }: Sort = sorts[sortName]
  // Walking from the newest would pass every book younger than the years asked for: the sum keeps PostgreSQL
  // from it, so that it looks the years up and sorts what it finds.
  const key = byYear && sortName === 'newest' ? sql`${indexed} + 0` : indexed
  const order = raw(direction)
  // A made-up cursor may hold a number that an integer column cannot: it is compared, not refused.
  const afterKey = typeof after?.key === 'number' ? sql`${after.key}::bigint` : sql`${after?.key}`
  const beyond = after
    ? sql`and (${key}, book.id) ${raw(direction === 'asc' ? '>' : '<')} (${afterKey}, ${after.id}::uuid)`
    : sql``
  const rows = await db.query<Parameters<typeof bookOf>[0] & { sortKey: string | number }>(sql`
    with page as materialized (
      select book.id, ${key} as key from catalog.books book where ${where} ${beyond}
      order by ${key} ${order}, book.id ${order} limit ${limit + 1})
    select ${bookColumns(view)}, page.key as "sortKey"
    from page join catalog.books book on book.id = page.id order by page.key ${order}, page.id ${order}`)
  const items = rows.slice(0, limit).map(({ sortKey: _, ...row }) => bookOf(row, view))
  const last = rows.length > limit ? rows[limit - 1] : undefined
  return { items, next: last ? { key: last.sortKey, id: last.id } : null }
}
