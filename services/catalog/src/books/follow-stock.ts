import { sql } from '@colophon/postgres'
import type { CatalogDeps } from '../deps.ts'

/** That copies of a book are left, or none any more. */
export interface StockChange {
  bookId: string
  inStock: boolean
  /** Grows from one change of a book to its next. */
  sequence: number
}

/**
 * Has a book be in stock or not, whatever staff and feeds say from now on. The book gets a version when that is news to
 * it, and no history: nobody changed the book itself. A repeat, what is older than what was followed last, and what is
 * said of a book that the catalogue does not have, as one that was removed with the sample, change nothing.
 */
export async function followStock(
  { database, now }: Pick<CatalogDeps, 'database' | 'now'>,
  { bookId, inStock, sequence }: StockChange,
): Promise<void> {
  // One statement, which holds no more than the book's own row.
  await database.query(
    sql`update catalog.books book
      set stock_sequence = said.sequence, in_stock = said.in_stock,
        version = case when book.in_stock = said.in_stock then book.version else book.version + 1 end,
        updated_at = case when book.in_stock = said.in_stock then book.updated_at else said.at end
      from (values (${bookId}::uuid, ${inStock}::boolean, ${sequence}::bigint, ${now()}::timestamptz))
        as said (book_id, in_stock, sequence, at)
      where book.id = said.book_id and (book.stock_sequence is null or book.stock_sequence < said.sequence)`,
    { name: 'catalog.follow-stock' },
  )
}
