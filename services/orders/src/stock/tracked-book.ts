import type { CatalogClient } from '@colophon/catalog'
import { isUuid } from '@colophon/http'
import { parseIsbn } from '@colophon/isbn'
import { type Queryable, sql } from '@colophon/postgres'
import type { OrdersDeps } from '../deps.ts'
import { ordersProblem } from '../problems.ts'
import { isDigital } from '../rules/weight.ts'

/** A book whose copies are counted. */
export interface TrackedBook {
  id: string
  /** Null once it is gone from the catalogue. */
  title: string | null
}

/**
 * A book whose copies are counted: one of the catalogue that is no e-book, or any of which there is stock, since it was
 * deleted or became an e-book later.
 * @param reference its id, or its ISBN in any written form
 * @throws Problem inventory_not_found, inventory_not_tracked
 */
export async function trackedBook(
  { catalog, database }: Pick<OrdersDeps, 'catalog' | 'database'>,
  reference: string,
): Promise<TrackedBook> {
  const id = isUuid(reference) ? reference.toLowerCase() : await idByIsbn(catalog, reference)
  const [book] = id === undefined ? [] : await catalog.booksForSale([id])
  if (book !== undefined && !isDigital(book.format)) return book
  if (id !== undefined && (await hasStock(database, id))) return { id, title: book?.title ?? null }
  if (book === undefined) {
    throw ordersProblem('inventory_not_found', `the catalogue has no book with the id or ISBN ${reference}`)
  }
  throw ordersProblem('inventory_not_tracked', `${book.title} is an e-book: there is always one more of it`)
}

async function hasStock(db: Queryable, bookId: string): Promise<boolean> {
  return (await db.maybeOne(sql`select from orders.stock where book_id = ${bookId}`)) !== undefined
}

async function idByIsbn(catalog: CatalogClient, text: string): Promise<string | undefined> {
  const parsed = parseIsbn(text)
  if (!parsed.ok) return undefined
  const { isbn13 } = parsed.isbn
  return (await catalog.bookIdsByIsbn([isbn13])).get(isbn13)
}
