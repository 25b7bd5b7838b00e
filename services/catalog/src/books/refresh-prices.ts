import { sql } from '@colophon/postgres'
import { type CatalogDeps, priceView } from '../deps.ts'
import { publicPrice } from './read-books.ts'

/** Small enough that a batch holds its locks for a moment only. */
const batchSize = 500

/**
 * Brings `price_today` to what holds today for books with a price that has begun or ended; the rest cannot
 * have changed. Any process may do it, any number of times.
 * @returns how many prices were brought up to date
 */
export async function refreshPrices(deps: CatalogDeps): Promise<number> {
  const { currency, today } = priceView(deps)
  let refreshed = 0
  for (;;) {
    const rows = await deps.database.query(sql`
      update catalog.books stale set price_today = due.price, version = stale.version + 1, updated_at = ${deps.now()}
      from (
        select book.id, ${publicPrice(currency, today)} as price from catalog.books book
        where book.id in (
          select book_id from catalog.prices
          where currency = ${currency} and valid_from <> '-infinity' and valid_from <= ${today}::date
          union
          select book_id from catalog.prices
          where currency = ${currency} and valid_until <> 'infinity' and valid_until <= ${today}::date)
          and book.price_today is distinct from ${publicPrice(currency, today)}
        order by book.id limit ${batchSize} for update of book) as due
      where stale.id = due.id returning stale.id`)
    refreshed += rows.length
    if (rows.length < batchSize) return refreshed
  }
}
