import { bookIdsByIsbn } from './books/book-ids-by-isbn.ts'
import { type BookForSale, booksForSale } from './books/books-for-sale.ts'
import { followStock, type StockChange } from './books/follow-stock.ts'
import { type PriceChange, setPrice } from './books/set-price.ts'
import type { CatalogDeps } from './deps.ts'

/** What other services ask of the catalogue. */
export interface CatalogClient {
  /** In no order; ids that are unknown or deleted are left out. */
  booksForSale(ids: readonly string[]): Promise<BookForSale[]>
  /** Ids of books by ISBN-13, written without hyphens; those that no book has, or a deleted one, are left out. */
  bookIdsByIsbn(isbn13s: readonly string[]): Promise<Map<string, string>>
  /**
   * Has a book be in stock or not from now on, whatever staff and feeds say. A repeat, an older sequence than the last
   * one, and a book that is unknown change nothing.
   */
  followStock(change: StockChange): Promise<void>
  /**
   * Sets the price of a book as staff would. The price it has already, a repeat, an older sequence than the last one,
   * and a book that is deleted or unknown change nothing; nor does one that staff have changed since it was said.
   * @returns whether it is dropped for that
   * @throws Problem book_invalid for another currency than the shop's
   */
  setPrice(change: PriceChange): Promise<{ isOvertaken: boolean }>
}

/** The client of a service in the same process: the operations themselves. */
export function createClient(deps: CatalogDeps): CatalogClient {
  return {
    booksForSale: (ids) => booksForSale(deps, ids),
    bookIdsByIsbn: (isbn13s) => bookIdsByIsbn(deps.database, isbn13s),
    followStock: (change) => followStock(deps, change),
    setPrice: (change) => setPrice(deps, change),
  }
}
