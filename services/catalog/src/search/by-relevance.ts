import { type Queryable, type Sql, sql } from '@colophon/postgres'
import { bookColumns, bookOf, type PriceView } from '../books/read-books.ts'
import type { Book } from '../schemas.ts'
import type { RelevancePosition } from './position.ts'
import type { Selection } from './selection.ts'

/**
 * How many matches are ranked against each other. A common word has hundreds of thousands: the most popular
 * ones are ranked first, then the next most popular, so that every page costs the same and none is missed.
 */
export const windowSize = 500

/** Titles that are exactly the query are ranked first however unpopular, up to so many. */
const maxExact = 50

export interface RelevancePage {
  items: Book[]
  next: RelevancePosition | null
}

type Row = Parameters<typeof bookOf>[0] & {
  score: number
  edgePopularity: number
  edgeId: string
  windowCount: number
}

/**
 * One page of the selected books by relevance. A page may hold fewer books than asked for where a window
 * ends: `next` says whether more follow.
 */
export async function pageByRelevance(
  db: Queryable,
  selection: Selection,
  position: RelevancePosition,
  limit: number,
  view: PriceView,
): Promise<RelevancePage> {
  const { after } = position
  const rows = await db.query<Row>(sql`
    with candidates as materialized (${candidates(selection, position)}),
    edge as (select popularity, id, (select count(*) from candidates where not outside) as count
      from candidates where not outside order by popularity, id limit 1),
    page as materialized (select id, score from candidates
      where ${after ? sql`(score, id) < (${after.score}::float8, ${after.id}::uuid)` : sql`true`}
      order by score desc, id desc limit ${limit + 1})
    select ${bookColumns(view)}, page.score, edge.popularity as "edgePopularity", edge.id as "edgeId",
      edge.count as "windowCount"
    from page join catalog.books book on book.id = page.id left join edge on true
    order by page.score desc, page.id desc`)
  const items = rows
    .slice(0, limit)
    .map(({ score: _, edgePopularity: __, edgeId: ___, windowCount: ____, ...row }) => bookOf(row, view))
  return { items, next: nextPosition(rows, limit, position) }
}

/** The window's books with their scores; `outside` are exact titles that are too unpopular for the first. */
function candidates(selection: Selection, { start, end }: RelevancePosition): Sql {
  const { where, titleKey } = selection
  const score = scoreOf(selection)
  const below = start
    ? sql`and (book.popularity, book.id) < (${start.popularity}::bigint, ${start.id}::uuid)
        and book.title_key <> ${titleKey}`
    : sql``
  const above = end
    ? sql`and (book.popularity, book.id) >= (${end.popularity}::bigint, ${end.id}::uuid)`
    : sql``
  // A window seen before is bounded by its end, with room for books that came into it since.
  const size = end ? windowSize * 2 : windowSize
  const window = sql`select book.id, book.popularity, ${score} as score, false as outside
    from catalog.books book where ${where} ${below} ${above}
    order by book.popularity desc, book.id desc limit ${size}`
  if (start) return window
  return sql`
    with inside as materialized (${window}),
    exact as materialized (select book.id, book.popularity, ${score} as score, true as outside
      from catalog.books book where ${where} and book.title_key = ${titleKey} limit ${maxExact})
    select * from inside union all
    select * from exact where not exists (select from inside where inside.id = exact.id)`
}

/** Where the words stand, how popular the book is, and whether its title is, or begins with, the query. */
function scoreOf({ words, titleKey }: Selection): Sql {
  return sql`(ts_rank('{0.1, 0.3, 0.6, 1.0}', book.search, ${words}::tsquery)::float8
    * (1 + ln(1 + book.popularity::float8) / 8)
    + case when book.title_key = ${titleKey} then 2 when starts_with(book.title_key, ${titleKey}) then 0.4
      else 0 end)`
}

function nextPosition(
  rows: readonly Row[],
  limit: number,
  position: RelevancePosition,
): RelevancePosition | null {
  const [first] = rows
  if (!first) return null
  const edge = { popularity: first.edgePopularity, id: first.edgeId }
  const last = rows[limit - 1]
  if (rows.length > limit && last) {
    return { ...position, end: position.end ?? edge, after: { score: last.score, id: last.id } }
  }
  const isFull = position.end !== null || first.windowCount === windowSize
  return isFull ? { ...position, start: position.end ?? edge, end: null, after: null } : null
}
