import { encodeCursor } from '@colophon/http'
import { type CatalogDeps, priceView } from '../deps.ts'
import type { Book } from '../schemas.ts'
import { pageByRelevance } from './by-relevance.ts'
import { pageBySort, type SortName, sorts } from './by-sort.ts'
import { countBooks } from './count.ts'
import { facetsOf } from './facets.ts'
import { relevanceKeys, relevancePosition, sortedPosition } from './position.ts'
import { type BookQuery, hasWords, type Selection, selectBooks } from './selection.ts'

/** The query of GET /api/books. */
export interface BookListQuery extends BookQuery {
  sort?: 'relevance' | SortName
  total?: boolean
  /** Names of facets, separated by commas. */
  facets?: string
  cursor?: string
  limit: number
}

/** One page of the books that a query finds, with what else it asks for. */
export async function listPage(deps: CatalogDeps, query: BookListQuery) {
  const sort = query.sort ?? 'relevance'
  const { selection, ...result } =
    sort === 'relevance' && hasWords(query.q)
      ? await relevancePage(deps, query)
      : await sortedPage(deps, query, sort === 'relevance' ? 'popularity' : sort)
  return {
    ...result,
    correctedQuery: selection.correctedQuery,
    ...(query.total && (await countBooks(deps.database, selection))),
    ...(query.facets && { facets: await facetsOf(deps.database, selection, query.facets.split(',')) }),
  }
}

interface Result {
  selection: Selection
  items: Book[]
  nextCursor: string | null
}

/** What a cursor belongs to: everything that decides which books come in which order. */
function identity({ total: _, facets: __, ...rest }: BookListQuery): unknown {
  return rest
}

async function relevancePage(deps: CatalogDeps, query: BookListQuery): Promise<Result> {
  const position = query.cursor ? relevancePosition(query.cursor, identity(query)) : undefined
  const selection = await selectBooks(deps.database, query, position?.correction)
  const { correction } = selection
  const start = position ?? { correction, exact: true, start: null, end: null, after: null }
  const { items, next } = await pageByRelevance(deps.database, selection, start, query.limit, priceView(deps))
  return {
    selection,
    items,
    nextCursor: next && encodeCursor(identity(query), relevanceKeys({ ...next, correction })),
  }
}

async function sortedPage(deps: CatalogDeps, query: BookListQuery, sort: SortName): Promise<Result> {
  const position = query.cursor ? sortedPosition(query.cursor, identity(query), sorts[sort].type) : null
  const selection = await selectBooks(deps.database, query, position?.correction)
  const { items, next } = await pageBySort(
    deps.database,
    selection,
    sort,
    position,
    query.limit,
    priceView(deps),
  )
  const keys = next && [selection.correction, next.key, next.id]
  return { selection, items, nextCursor: keys && encodeCursor(identity(query), keys) }
}
