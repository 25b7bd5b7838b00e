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

async function relevancePage(deps: CatalogDeps, query: BookListQuery): Promise<Result> {
  const identity = identityOf(query)
  const position = query.cursor === undefined ? undefined : relevancePosition(query.cursor, identity)
  const selection = await selectBooks(deps.database, query, position)
  const { correctedQuery } = selection
  const start = position ?? { correctedQuery, exact: true, start: null, end: null, after: null }
  const { items, next } = await pageByRelevance(deps.database, selection, start, query.limit, priceView(deps))
  return { selection, items, nextCursor: next && encodeCursor(identity, relevanceKeys(next)) }
}

async function sortedPage(deps: CatalogDeps, query: BookListQuery, sort: SortName): Promise<Result> {
  const identity = identityOf(query)
  const position =
    query.cursor === undefined ? null : sortedPosition(query.cursor, identity, sorts[sort].type)
  const selection = await selectBooks(deps.database, query, position ?? undefined)
  const { items, next } = await pageBySort(
    deps.database,
    selection,
    sort,
    position,
    query.limit,
    priceView(deps),
  )
  const keys = next && [selection.correctedQuery, next.key, next.id]
  return { selection, items, nextCursor: keys && encodeCursor(identity, keys) }
}

/** What a cursor belongs to: everything that decides which books come in which order. */
function identityOf({ total: _, facets: __, ...query }: BookListQuery): unknown {
  return query
}
