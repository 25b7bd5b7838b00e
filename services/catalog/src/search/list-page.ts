import { type CatalogDeps, priceView } from '../deps.ts'
import type { Book } from '../schemas.ts'
import { pageByRelevance } from './by-relevance.ts'
import { pageBySort, type SortName, sorts } from './by-sort.ts'
import { countBooks } from './count.ts'
import { facetsOf } from './facets.ts'
import { cursorOf, openCursor } from './list-cursor.ts'
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
  const opened = openCursor(query)
  const position = opened && relevancePosition(opened.cursor, opened.identity)
  const selection = await selectBooks(deps.database, query, position && { ...opened, ...position })
  const { correction } = selection
  const start = position ?? { correction, exact: true, start: null, end: null, after: null }
  const { items, next } = await pageByRelevance(deps.database, selection, start, query.limit, priceView(deps))
  const keys = next && relevanceKeys({ ...next, correction })
  return { selection, items, nextCursor: keys && cursorOf(query, selection.correctedQuery, keys) }
}

async function sortedPage(deps: CatalogDeps, query: BookListQuery, sort: SortName): Promise<Result> {
  const opened = openCursor(query)
  const position = opened && sortedPosition(opened.cursor, opened.identity, sorts[sort].type)
  const selection = await selectBooks(deps.database, query, position && { ...opened, ...position })
  const { items, next } = await pageBySort(
    deps.database,
    selection,
    sort,
    position ?? null,
    query.limit,
    priceView(deps),
  )
  const keys = next && [selection.correction, next.key, next.id]
  return { selection, items, nextCursor: keys && cursorOf(query, selection.correctedQuery, keys) }
}
