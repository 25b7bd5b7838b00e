import { encodeCursor } from '@colophon/http'
import { type Queryable, raw, type Sql, sql } from '@colophon/postgres'
import { keyPosition } from '../key-cursor.ts'
import type { AuthorFigures } from './schemas.ts'

/** Orders of the report; `-` is descending. */
export const authorSorts = ['name', '-name', 'books', '-books', 'meanYear', '-meanYear'] as const
export type AuthorSort = (typeof authorSorts)[number]

interface Query {
  sort?: AuthorSort
  cursor?: string
  limit: number
}

/** A row of a page, with what it is sorted by. The mean is in hundredths: cursors hold integers. */
type Row = Omit<AuthorFigures, 'meanYear'> & { meanHundredths: number | null; key: string | number }

/**
 * One page of how many books authors have and of what mean year, in one statement. Equal ones follow each other
 * by id, the order in which they came into the catalogue; those without a mean year are last in any order.
 *
 * By name, a page costs its own authors' books. By figures, every page works out those of all authors and sorts
 * them: about 15 ms for 10,000 books, 1 to 2 s for 1,000,000 by 475,000 authors, on two cores.
 * @throws Problem invalid_cursor
 */
export async function authorReport(
  db: Queryable,
  query: Query,
): Promise<{ items: AuthorFigures[]; nextCursor: string | null }> {
  const { sort = '-books', cursor, limit } = query
  const isByName = sort === 'name' || sort === '-name'
  const isDescending = sort.startsWith('-')
  const order = raw(isDescending ? 'desc' : 'asc')
  const after = cursor ? keyPosition(cursor, query, isByName ? 'text' : 'integer') : null
  const beyond = after
    ? sql`(key, id) ${raw(isDescending ? '<' : '>')} (${after.key}, ${after.id}::uuid)`
    : sql`true`
  const rows = await db.query<Row>(sql`
    with page as materialized (
      select * from (${isByName ? byName : byFigure(figureKeys[sort])}) as authors
      where ${beyond} order by key ${order}, id ${order} limit ${limit + 1})
    select page.*, contributor.name from page join catalog.contributors contributor using (id)
    order by key ${order}, id ${order}`)
  const last = rows.length > limit ? rows[limit - 1] : undefined
  return {
    items: rows.slice(0, limit).map(figuresOf),
    nextCursor: last ? encodeCursor(query, [last.key, last.id]) : null,
  }
}

function figuresOf({ id, name, books, meanHundredths }: Row): AuthorFigures {
  return { id, name, books, meanYear: meanHundredths === null ? null : meanHundredths / 100 }
}

const figures = sql`count(*) as books, round(avg(book.year) * 100)::bigint as "meanHundredths"`

const authored = sql`
  catalog.book_contributors credit join catalog.books book on book.id = credit.book_id
  where credit.role = 'author' and book.deleted_at is null`

const byName = sql`
  select contributor.id, contributor.sort_name collate "und-x-icu" as key, figures.*
  from catalog.contributors contributor
    cross join lateral (select ${figures} from ${authored} and credit.contributor_id = contributor.id) as figures
  where figures.books > 0`

function byFigure(key: Sql): Sql {
  return sql`
    select *, ${key} as key
    from (select credit.contributor_id as id, ${figures} from ${authored} group by credit.contributor_id) as counted`
}

const figureKeys = {
  books: sql`books`,
  '-books': sql`books`,
  meanYear: sql`coalesce("meanHundredths", 1000000)`,
  '-meanYear': sql`coalesce("meanHundredths", -1000000)`,
}
