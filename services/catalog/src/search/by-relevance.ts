import { type Queryable, type Sql, sql } from '@colophon/postgres'
import { bookColumns, bookOf, type PriceView } from '../books/read-books.ts'
import type { Book } from '../schemas.ts'
import type { RelevancePosition } from './position.ts'
import type { Selection } from './selection.ts'
import { wholeWords } from './terms.ts'

/**
 * How many matches are ranked against each other. A common word has hundreds of thousands: the most popular
 * ones are ranked first, then the next most popular, so that every page costs the same and none is missed.
 */
export const windowSize = 500

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
 * One page of the selected books by relevance: titles that are exactly the query, however unpopular, then the
 * others. `next` says where more may follow.
 */
export async function pageByRelevance(
  db: Queryable,
  selection: Selection,
  position: RelevancePosition,
  limit: number,
  view: PriceView,
): Promise<RelevancePage> {
  const items: Book[] = []
  let next: RelevancePosition | null = position
  while (next && items.length < limit) {
    const page = await pageOfWindow(db, selection, next, limit - items.length, view)
    items.push(...page.items)
    next = page.next
  }
  return { items, next }
}

/** What one window of candidates has from a position on. */
async function pageOfWindow(
  db: Queryable,
  selection: Selection,
  position: RelevancePosition,
  limit: number,
  view: PriceView,
): Promise<RelevancePage> {
  const { after } = position
  const rows = await db.query<Row>(sql`
    with candidates as materialized (${candidates(selection, position)}),
    edge as (select popularity, id, (select count(*) from candidates) as count
      from candidates order by popularity, id limit 1),
    page as materialized (select id, score from candidates
      where ${after ? sql`(score, id) < (${after.score}::float8, ${after.id}::uuid)` : sql`true`}
      order by score desc, id desc limit ${limit + 1})
    select ${bookColumns(view)}, page.score, edge.popularity as "edgePopularity", edge.id as "edgeId",
      edge.count as "windowCount"
    from page join catalog.books book on book.id = page.id cross join edge
    order by page.score desc, page.id desc`)
  const items = rows
    .slice(0, limit)
    .map(({ score: _, edgePopularity: __, edgeId: ___, windowCount: ____, ...row }) => bookOf(row, view))
  return { items, next: nextPosition(rows, limit, position) }
}

/** The window's books with their scores. */
function candidates(selection: Selection, { exact, start, end }: RelevancePosition): Sql {
  const { where, titleKey } = selection
  const tier = exact ? sql`book.title_key = ${titleKey}` : sql`book.title_key <> ${titleKey}`
  const below = start
    ? sql`and (book.popularity, book.id) < (${start.popularity}::bigint, ${start.id}::uuid)`
    : sql``
  const above = end
    ? sql`and (book.popularity, book.id) >= (${end.popularity}::bigint, ${end.id}::uuid)`
    : sql``
  // A window seen before is bounded by its end, with room for books that came into it since.
  const size = end ? windowSize * 2 : windowSize
  return sql`select book.id, book.popularity, ${scoreOf(selection)} as score
    from catalog.books book where ${where} and ${tier} ${below} ${above}
    order by book.popularity desc, book.id desc limit ${size}`
}

/**
 * Where the words stand, times how popular the book is, so that it does not matter what popularity is counted in.
 * Of titles that have the words alike one that is 100 times as popular counts two and a half times as much.
 */
function scoreOf({ words, titleKey }: Selection): Sql {
  // A word counts once: an apostrophe leaves two that begin alike (Potter's is found as potter and potters).
  return sql`(least(ts_rank('{0.02, 0.3, 0.6, 1.0}', book.search, ${words}::tsquery)::float8,
      case when numnode(${words}::tsquery) = 1 then 0.61 else 1 end)
    * power(1 + book.popularity::float8, 0.2)
    * case when book.search @@ ${words && wholeWords(words)}::tsquery then 1 else 0.7 end
    * case when starts_with(book.title_key, ${titleKey}) or starts_with(lower(book.title_sort), ${titleKey})
        then 1.2 else 1 end)`
}

function nextPosition(
  rows: readonly Row[],
  limit: number,
  position: RelevancePosition,
): RelevancePosition | null {
  const [first] = rows
  const edge = position.end ?? (first && { popularity: first.edgePopularity, id: first.edgeId })
  const last = rows[limit - 1]
  if (edge && last && rows.length > limit) {
    return { ...position, end: edge, after: { score: last.score, id: last.id } }
  }
  const isFull = position.end !== null || first?.windowCount === windowSize
  if (edge && isFull) return { ...position, start: edge, end: null, after: null }
  return position.exact ? { ...position, exact: false, start: null, end: null, after: null } : null
}
