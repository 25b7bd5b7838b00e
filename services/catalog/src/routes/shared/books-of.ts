import { encodeCursor, page, pageQuery } from '@colophon/http'
import Type, { type Static } from 'typebox'
import { type CatalogDeps, priceView } from '../../deps.ts'
import { keyPosition } from '../../key-cursor.ts'
import { Book, literals } from '../../schemas.ts'
import { pageBySort, sorts } from '../../search/by-sort.ts'
import type { Selection } from '../../search/selection.ts'

/** The query string of the books of somebody or something. */
export const BooksOfQuery = Type.Object({
  sort: Type.Optional(literals(['newest', 'title', 'popularity'], { description: 'newest when not given' })),
  ...pageQuery.properties,
})
type BooksOfQuery = Static<typeof BooksOfQuery>

/** Books in an order of theirs. */
export const SortedBookPage = Type.Object(page(Book).properties, { title: 'SortedBookPage' })

/** One page of the books of what has this id. */
export async function pageOfBooks(deps: CatalogDeps, id: string, books: Selection, query: BooksOfQuery) {
  const { sort = 'newest', limit, cursor } = query
  const identity = { ...query, of: id }
  const after = cursor ? keyPosition(cursor, identity, sorts[sort].type) : null
  const { items, next } = await pageBySort(deps.database, books, sort, after, limit, priceView(deps))
  return { items, nextCursor: next && encodeCursor(identity, [next.key, next.id]) }
}
