import type { BookForSale, CatalogClient } from '@colophon/catalog'

/** A catalogue of books that a test makes up. */
export interface FakeCatalog extends CatalogClient {
  /** Adds a paperback that is sold for 12.99 EUR, with what is said otherwise. */
  add(book?: Partial<BookForSale>): BookForSale
  /** Forgets a book, as when it is deleted. */
  remove(id: string): void
  /** What it was told of stock, the last word for each book. */
  readonly inStock: ReadonlyMap<string, boolean>
  /** What it was told of prices, in this order. */
  readonly prices: readonly ToldPrice[]
}

export interface ToldPrice {
  bookId: string
  amount: number
  currency: string
  actor: string
  sequence: number
}

export function createFakeCatalog(newId: () => string): FakeCatalog {
  const books = new Map<string, BookForSale>()
  const inStock = new Map<string, boolean>()
  const prices: ToldPrice[] = []
  return {
    inStock,
    prices,
    add(given = {}) {
      const id = newId()
      const book: BookForSale = {
        id,
        isbn13: null,
        title: `Book ${books.size + 1}`,
        format: 'paperback',
        pages: 200,
        publishedOn: '2020-01-01',
        availability: 'available',
        authors: [{ id: newId(), name: 'Ada Author' }],
        publisher: { id: newId(), name: 'Some Press' },
        price: { amount: 1299, currency: 'EUR', includesTax: true },
        ...given,
      }
      books.set(book.id, book)
      return book
    },
    remove: (id) => void books.delete(id),
    booksForSale: async (ids) => ids.flatMap((id) => books.get(id) ?? []),
    bookIdsByIsbn: async (isbns) => {
      const known = [...books.values()].filter(({ isbn13 }) => isbn13 !== null && isbns.includes(isbn13))
      return new Map(known.map(({ id, isbn13 }) => [isbn13 ?? '', id]))
    },
    followStock: async ({ bookId, inStock: is }) => void inStock.set(bookId, is),
    async setPrice({ bookId, price, actor, sequence }) {
      prices.push({ bookId, ...price, actor, sequence })
      const book = books.get(bookId)
      if (book) books.set(bookId, { ...book, price: { ...price, includesTax: true } })
      return { isOvertaken: false }
    },
  }
}
