import { type Queryable, type Sql, sql } from '@colophon/postgres'
import type { Logger } from '@colophon/runtime'
import { type CatalogDeps, priceView } from '../deps.ts'
import { type PriceView, publicPrice } from './read-books.ts'

/** Small enough that a batch holds its locks for a moment only. */
const batchSize = 500

/**
 * Brings `price_today` to what holds today: for books with a price that has begun or ended since the last time, or
 * for all of them when the shop's currency is another one than then. Any process may do it, any number of times.
 * @param signal ends it behind a batch; the next time begins where this one began
 * @param logger told, after a change of currency, when no book has a price in the new one
 * @returns how many books have another price now
 */
export async function refreshPrices(deps: CatalogDeps, signal: AbortSignal, logger: Logger): Promise<number> {
  const { database } = deps
  const view = priceView(deps)
  const since = await refreshedUntil(database, view)
  let after = '00000000-0000-0000-0000-000000000000'
  let refreshed = 0
  while (!signal.aborted) {
    const batch = await refreshBatch(deps, view, since, after)
    refreshed += batch.refreshed
    if (batch.last === null) {
      if (since === null) await warnOfOtherCurrencies(database, view, logger)
      await database.query(sql`
        update catalog.prices_today set refreshed_until = ${view.today} where currency = ${view.currency}`)
      break
    }
    after = batch.last
  }
  return refreshed
}

/** The day of the last time; null when prices are not, or not all, worked out in this currency. */
async function refreshedUntil(db: Queryable, { currency }: PriceView): Promise<string | null> {
  await db.query(sql`
    insert into catalog.prices_today as last (currency, refreshed_until) values (${currency}, '-infinity')
    on conflict (only_row) do update set currency = excluded.currency, refreshed_until = null
      where last.currency <> excluded.currency`)
  const { day } = await db.one<{ day: string | null }>(
    sql`select refreshed_until::text as day from catalog.prices_today`,
  )
  return day
}

/** A shop whose prices are all in other currencies looks as if it had none. */
async function warnOfOtherCurrencies(db: Queryable, { currency }: PriceView, logger: Logger): Promise<void> {
  const priced = await db.query<{ currency: string; books: number }>(sql`
    select currency, count(distinct book_id) as books from catalog.prices group by currency order by books desc`)
  if (priced.length === 0 || priced.some((one) => one.currency === currency)) return
  const others = priced.map((one) => `${one.books} in ${one.currency}`).join(', ')
  logger.warn(
    `no book has a price in ${currency}, the shop's currency now; books with prices: ${others}. ` +
      'These stay stored, and show again when CURRENCY is theirs',
  )
}

/** The next books in the order of ids; `last` is the last one looked at, null when there are no more. */
function refreshBatch(
  { database, now }: CatalogDeps,
  view: PriceView,
  since: string | null,
  after: string,
): Promise<{ refreshed: number; last: string | null }> {
  const price = publicPrice(view.currency, view.today)
  // The same amount in another currency is another price.
  const isOther = since === null ? sql`coalesce(book.price_today, ${price}) is not null` : sql`false`
  return database.transaction(
    async (tx) => {
      // Held before they are read: a statement that waits for a row sees its new values, but not the new prices.
      const looked = await tx.query<{ id: string }>(sql`
        select book.id from catalog.books book
        where book.id > ${after} and ${since === null ? sql`true` : changedSince(since, view)}
        order by book.id limit ${batchSize} for update`)
      const changed = await tx.query(sql`
        update catalog.books stale
        set price_today = due.price, version = stale.version + 1, updated_at = ${now()}
        from (
          select book.id, ${price} as price from catalog.books book
          where book.id = any(${looked.map(({ id }) => id)}::uuid[])
            and (book.price_today is distinct from ${price} or ${isOther})) as due
        where stale.id = due.id returning stale.id`)
      return { refreshed: changed.length, last: looked.at(-1)?.id ?? null }
    },
    { retry: true },
  )
}

/** That day is looked at again: a book written meanwhile may still have got the price of the day before. */
function changedSince(since: string, { currency, today }: PriceView): Sql {
  return sql`book.id in (
    select book_id from catalog.prices where currency = ${currency}
      and valid_from <> '-infinity' and valid_from >= ${since}::date and valid_from <= ${today}::date
    union
    select book_id from catalog.prices where currency = ${currency}
      and valid_until <> 'infinity' and valid_until >= ${since}::date and valid_until <= ${today}::date)`
}
