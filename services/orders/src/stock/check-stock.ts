import { type Database, type Queryable, type Sql, sql } from '@colophon/postgres'
import { holdingStatuses } from '../process/states.ts'

/** What does not add up. */
export interface StockDifference {
  /**
   * - `ledger`: a book's stock is not the sum of its ledger.
   * - `held`: what is held of a book is not the sum of its holds.
   * - `hold`: a hold of an order that holds nothing any more.
   */
  kind: 'ledger' | 'held' | 'hold'
  bookId: string
  /** Of a hold. */
  orderId: string | null
  /** What is wrong, for people. */
  message: string
}

/** Whether the stock is what the ledger and the holds say. */
export interface StockCheck {
  /** How many books were looked at. */
  books: number
  /** How many differences of each kind there are. */
  counts: Record<StockDifference['kind'], number>
  /** The first thousand of each kind. */
  differences: StockDifference[]
}

/** How many differences of a kind are told one by one. */
const mostTold = 1_000

/** It reads the whole ledger; in milliseconds. */
const statementTimeout = 10 * 60_000

/** Adds up ledger and holds as of one moment, beside whatever goes on. */
export function checkStock(database: Database): Promise<StockCheck> {
  return database.transaction(
    async (tx) => {
      const { books } = await tx.one<{ books: number }>(sql`select count(*) as books from orders.stock`)
      const ledger = await differences(tx, 'ledger', unlikeLedger)
      const held = await differences(tx, 'held', unlikeHolds)
      const hold = await differences(tx, 'hold', strayHolds)
      return {
        books,
        counts: { ledger: ledger.count, held: held.count, hold: hold.count },
        differences: [...ledger.told, ...held.told, ...hold.told],
      }
    },
    { isolation: 'repeatable read', readOnly: true, statementTimeout },
  )
}

async function differences(tx: Queryable, kind: StockDifference['kind'], found: Sql) {
  const rows = await tx.query<Omit<StockDifference, 'kind'> & { count: number }>(sql`
    select "bookId", "orderId", message, count(*) over () as count from (${found}) as found
    order by "bookId", "orderId" limit ${mostTold}`)
  const told = rows.map(
    ({ bookId, orderId, message }): StockDifference => ({ kind, bookId, orderId, message }),
  )
  return { count: rows[0]?.count ?? 0, told }
}

const unlikeLedger = sql`
  select book_id as "bookId", null::uuid as "orderId", format(
      '%s on hand and %s held, where its ledger adds up to %s and %s',
      stock.on_hand, stock.held, coalesce(entered.on_hand, 0), coalesce(entered.held, 0)) as message
  from orders.stock stock left join (
    select book_id, sum(on_hand) as on_hand, sum(held) as held from orders.stock_ledger group by book_id
  ) entered using (book_id)
  where stock.on_hand <> coalesce(entered.on_hand, 0) or stock.held <> coalesce(entered.held, 0)`

const unlikeHolds = sql`
  select book_id as "bookId", null::uuid as "orderId", format(
      '%s held, where its holds add up to %s', stock.held, coalesce(aside.quantity, 0)) as message
  from orders.stock stock left join (
    select book_id, sum(quantity) as quantity from orders.holds group by book_id
  ) aside using (book_id)
  where stock.held <> coalesce(aside.quantity, 0)`

const strayHolds = sql`
  select hold.book_id as "bookId", hold.order_id as "orderId",
    format('%s held for order %s, which is %s', hold.quantity, o.number, o.status) as message
  from orders.holds hold join orders.orders o on o.id = hold.order_id
  where o.status <> all(${holdingStatuses}::text[])`
