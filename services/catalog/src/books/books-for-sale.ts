import { sql } from '@colophon/postgres'
import { type CatalogDeps, priceView } from '../deps.ts'
import type { Availability, Book, Format, Money } from '../schemas.ts'
import { creditsOfBook, isbn13OfBook, publicPrice, publisherOfBook } from './read-books.ts'

/** What an order has to know of a book. */
export interface BookForSale {
  id: string
  isbn13: string | null
  title: string
  format: Format | null
  pages: number | null
  /** ISO date. */
  publishedOn: string | null
  availability: Availability
  /** In the order of their credits; all contributors where none is credited as an author. */
  authors: Named[]
  publisher: Named | null
  /** What holds today in the shop's currency. */
  price: (Money & { includesTax: boolean }) | null
}

interface Named {
  id: string
  name: string
}

type Row = Omit<BookForSale, 'authors' | 'price'> & {
  contributors: Book['contributors']
  price: { amount: number; includesTax: boolean } | null
}

const amountAndTax = sql`json_build_object('amount', amount, 'includesTax', type like '%including%')`

/** The books of these ids, in no order; ids that are unknown or deleted are left out. Every order waits for it. */
export async function booksForSale(deps: CatalogDeps, ids: readonly string[]): Promise<BookForSale[]> {
  if (ids.length === 0) return []
  const { currency, today } = priceView(deps)
  const rows = await deps.database.query<Row>(
    sql`select book.id, book.title, book.format, book.pages, book.published_on as "publishedOn", book.availability,
        ${isbn13OfBook} as isbn13, ${creditsOfBook} as contributors, ${publisherOfBook} as publisher,
        ${publicPrice(currency, today, amountAndTax)} as price
      from catalog.books book where book.id = any(${ids}::uuid[]) and book.deleted_at is null`,
    { name: 'catalog.books-for-sale' },
  )
  return rows.map(({ contributors, price, ...book }) => ({
    ...book,
    authors: authorsOf(contributors),
    price: price && { ...price, currency },
  }))
}

/** Each once, though one may be credited in several roles. */
function authorsOf(credits: Book['contributors']): Named[] {
  const authors = credits.filter(({ role }) => role === 'author')
  const named = (authors.length > 0 ? authors : credits).map(({ id, name }) => ({ id, name }))
  return [...new Map(named.map((one) => [one.id, one])).values()]
}
