import { type Queryable, sql } from '@colophon/postgres'
import { staffSource } from '../books/provenance.ts'
import { isbn13OfBook } from '../books/read-books.ts'
import { sampleSource } from './decision.ts'

/** A book that the sample has in stock, and of which there should be copies then. */
export interface SampleBook {
  id: string
  isbn13: string | null
}

/** The books, in the order of ids, that are in stock because the sample says so and nobody else: nobody counts copies. */
export function inStockBooks(db: Queryable): Promise<SampleBook[]> {
  return db.query<SampleBook>(sql`
    select book.id, ${isbn13OfBook} as isbn13 from catalog.books book
    where book.in_stock and book.stock_sequence is null and book.deleted_at is null
      and exists (select from catalog.provenance own
        where own.book_id = book.id and own.source = ${sampleSource} and 'inStock' = any(own.fields))
      and not exists (select from catalog.provenance staffs
        where staffs.book_id = book.id and staffs.source = ${staffSource} and 'supply' = any(staffs.groups))
    order by book.id`)
}
