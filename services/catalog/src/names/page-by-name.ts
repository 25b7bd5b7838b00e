import { encodeCursor } from '@colophon/http'
import { join, type Queryable, type Sql, sql } from '@colophon/postgres'
import { keyPosition } from '../key-cursor.ts'
import { nameQuery } from './name-query.ts'

/** A table of names, called `named` in its expressions; it has an `id`, and `words` to be found by. */
export interface NamedTable {
  table: Sql
  /** The fields that are shown. */
  columns: Sql
  /** What the list is sorted by, before the id: an indexed expression. */
  sortKey: Sql
}

/** The query string of such a list: what a cursor belongs to is all of it but the last two. */
export interface NameQuery {
  q?: string
  cursor?: string
  limit: number
}

export interface NameFilter {
  /** Narrows the names down before they are sorted. */
  where?: Sql
  /** Is tried on the sorted names one by one until the page is full: for what costs a look-up. */
  each?: Sql
}

/**
 * One page of a list of names, sorted. Names found by words are gathered by their index and then sorted, always:
 * left to choose, the planner walks a list of "mc..." from A, since it cannot know that what people look for by
 * is also what names are sorted by. A two-letter beginning that 44,000 of 500,000 names have took 30 ms.
 * @throws Problem invalid_cursor
 */
export async function pageByName<Item extends { id: string }>(
  db: Queryable,
  { table, columns, sortKey }: NamedTable,
  query: NameQuery,
  { where = sql`true`, each = sql`true` }: NameFilter = {},
): Promise<{ items: Item[]; nextCursor: string | null }> {
  const after = query.cursor ? keyPosition(query.cursor, query, 'text') : null
  const words = nameQuery(query.q ?? '')
  const conditions = [where]
  if (words !== null) conditions.push(sql`named.words @@ ${words}::tsquery`)
  if (after) conditions.push(sql`(${sortKey}, named.id) > (${after.key}, ${after.id}::uuid)`)
  const matches = sql`
    select ${columns}, ${sortKey} as "sortKey" from ${table} as named where ${join(conditions, ' and ')}`
  const limit = query.limit + 1
  const rows = await db.query<Item & { sortKey: string }>(
    words === null
      ? sql`${matches} and ${each} order by ${sortKey}, named.id limit ${limit}`
      : sql`with matches as materialized (${matches})
          select * from (select * from matches order by "sortKey", id) as named where ${each} limit ${limit}`,
  )
  const items = rows.slice(0, query.limit)
  const last = rows.length > query.limit ? items.at(-1) : undefined
  return { items, nextCursor: last ? encodeCursor(query, [last.sortKey, last.id]) : null }
}
