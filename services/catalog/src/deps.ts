import type { Database } from '@colophon/postgres'
import type { PriceView } from './books/read-books.ts'

/** What the catalogue's operations work with. */
export interface CatalogDeps {
  database: Database
  /** ISO 4217 code of the currency the shop sells in. */
  currency: string
  now: () => Date
  newId: () => string
  /** Called after a commit that queued books to be indexed again. */
  reindexSoon: () => void
}

/** How prices are seen now. */
export function priceView({ currency, now }: CatalogDeps): PriceView {
  return { currency, today: now().toISOString().slice(0, 10) }
}
