import { toIsbn10 } from '@colophon/isbn'
import { type Queryable, type Sql, sql } from '@colophon/postgres'
import type { Book } from '../schemas.ts'

/** What a book's public price depends on. */
export interface PriceView {
  /** ISO 4217 code of the shop's currency. */
  currency: string
  /** The day whose price is asked for, as an ISO date. */
  today: string
}

/** A book's row as `bookColumns` gives it. */
type BookRow = Omit<Book, 'isbn10' | 'price' | 'updatedAt'> & { price: number | null; updatedAt: string }

// Parts of a statement about the row `book` of catalog.books.

export const isbn13OfBook: Sql = sql`(select value from catalog.identifiers
    where book_id = book.id and scheme = 'isbn13' limit 1)`

export const creditsOfBook: Sql = sql`(
    select coalesce(json_agg(json_build_object('id', contributor.id, 'name', contributor.name,
      'role', credit.role) order by credit.position), '[]')
    from catalog.book_contributors credit join catalog.contributors contributor
      on contributor.id = credit.contributor_id where credit.book_id = book.id)`

export const publisherOfBook: Sql = sql`(
    select json_build_object('id', publisher.id, 'name', publisher.name)
    from catalog.publishers publisher where publisher.id = book.publisher_id)`

/**
 * The public fields of the book in the row `book` of catalog.books: everything that GET answers, in one
 * statement, each list by one index look-up.
 */
export function bookColumns({ currency, today }: PriceView): Sql {
  return sql`
    book.id, book.version, book.title, book.subtitle, book.language, book.year,
    book.published_on as "publishedOn", book.format, book.pages, book.cover_url as "coverUrl",
    book.availability, book.in_stock as "inStock", book.popularity, book.updated_at as "updatedAt",
    ${isbn13OfBook} as isbn13, ${creditsOfBook} as contributors, ${publisherOfBook} as publisher,
    (select coalesce(json_agg(json_build_object('scheme', subject.scheme, 'code', subject.code,
        'text', subject.text) order by place.position), '[]')
      from catalog.book_subjects place join catalog.subjects subject
        on subject.id = place.subject_id where place.book_id = book.id) as subjects,
    (select text from catalog.texts where book_id = book.id and type = 'description') as description,
    ${publicPrice(currency, today)} as price`
}

/**
 * The price that holds on a day: fixed before recommended, with tax before without, the newest first.
 * @param what of it, by the columns of catalog.prices
 */
export function publicPrice(currency: string, today: string, what: Sql = sql`amount`): Sql {
  return sql`(select ${what} from catalog.prices price
    where price.book_id = book.id and price.currency = ${currency}
      and ${today}::date >= price.valid_from and ${today}::date < price.valid_until
    order by price.type like '%including%' desc, price.type, price.territory = 'WORLD' desc,
      price.valid_from desc limit 1)`
}

/** The public book of a row. */
export function bookOf(row: BookRow, { currency }: PriceView): Book {
  return {
    ...row,
    isbn10: row.isbn13 === null ? null : toIsbn10(row.isbn13),
    price: row.price === null ? null : { amount: row.price, currency },
  }
}

/** A book, deleted ones too. */
export type KnownBook = Book & {
  /** Null when it is not deleted. */
  deletedAt: string | null
  /**
   * Whether it shows something that its version does not tell yet: a price that began or ended, or a new name,
   * which upkeep gives a version within the hour.
   */
  isAhead: boolean
  /** Whether its stock is what the shop's copies say, whatever staff and feeds do (books/follow-stock.ts). */
  isStockFollowed: boolean
}

/** The book without what only the catalogue itself needs to know. */
export function publicBook({ deletedAt: _, isAhead: __, isStockFollowed: ___, ...book }: KnownBook): Book {
  return book
}

type KnownRow = BookRow &
  Pick<KnownBook, 'deletedAt' | 'isStockFollowed'> & { priceThen: number | null; isDue: boolean }

function knownColumns(view: PriceView): Sql {
  return sql`${bookColumns(view)}, book.deleted_at as "deletedAt", book.price_today as "priceThen",
    book.stock_sequence is not null as "isStockFollowed",
    exists (select from catalog.reindex_queue where book_id = book.id) or exists (
      select from catalog.prices_today where currency <> ${view.currency} or refreshed_until is null) as "isDue"`
}

function knownOf(
  { deletedAt, priceThen, isDue, isStockFollowed, ...row }: KnownRow,
  view: PriceView,
): KnownBook {
  const isAhead = isDue || priceThen !== row.price
  return { ...bookOf(row, view), deletedAt, isAhead, isStockFollowed }
}

/** The books of these ids, in no order; ids that are not known are left out. */
export async function readBooks(
  db: Queryable,
  ids: readonly string[],
  view: PriceView,
): Promise<KnownBook[]> {
  if (ids.length === 0) return []
  const rows = await db.query<KnownRow>(sql`
    select ${knownColumns(view)} from catalog.books book where book.id = any(${ids}::uuid[])`)
  return rows.map((row) => knownOf(row, view))
}

/** The statement that reads a book, its id the last of its values. */
export function bookById(id: string, view: PriceView): Sql {
  return sql`select ${knownColumns(view)} from catalog.books book where book.id = ${id}`
}

/** One book by its id, or undefined. The statement is prepared: it is what the shop reads most. */
export async function readBook(db: Queryable, id: string, view: PriceView): Promise<KnownBook | undefined> {
  const row = await db.maybeOne<KnownRow>(bookById(id, view), { name: 'catalog.read-book' })
  return row && knownOf(row, view)
}

/** One book by its ISBN-13, or undefined. */
export async function readBookByIsbn(
  db: Queryable,
  isbn13: string,
  view: PriceView,
): Promise<KnownBook | undefined> {
  const row = await db.maybeOne<KnownRow>(
    sql`select ${knownColumns(view)} from catalog.books book where book.id =
      (select book_id from catalog.identifiers where scheme = 'isbn13' and value = ${isbn13})`,
    { name: 'catalog.read-book-by-isbn' },
  )
  return row && knownOf(row, view)
}
