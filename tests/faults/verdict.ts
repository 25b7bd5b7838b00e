import { type Database, sql } from '@colophon/postgres'
import type { Acknowledged } from './buyers.ts'

/** What was found once everything had come to rest. */
export interface Verdict {
  /** Orders by status. */
  statuses: Record<string, number>
  /** Minor units that the provider took, and gave back. */
  taken: number
  given: number
  /** What must not be: empty when nothing is lost, charged twice, stuck or miscounted. */
  faults: string[]
}

/** What an order may be at rest: nobody ships here, but e-books are shipped as their order is confirmed. */
const [sold, over] = [
  ['confirmed', 'partly_shipped', 'shipped'],
  ['declined', 'expired', 'cancelled', 'refunded'],
]

/** Looks at everything from outside: orders, ledger, holds, and what the provider itself has in its books. */
export async function judge(database: Database, acknowledged: readonly Acknowledged[]): Promise<Verdict> {
  const faults: string[] = []
  const note = (what: string, rows: readonly unknown[]) => {
    if (rows.length > 0) faults.push(`${what}: ${rows.length}, such as ${JSON.stringify(rows.slice(0, 3))}`)
  }
  note('acknowledged and lost', await lost(database, acknowledged))
  note(
    'stuck',
    await database.query(sql`
    select id, status, due_at from orders.orders where due_at is not null or not status = any(${[...sold, ...over]})`),
  )
  note('holds that are left', await database.query(sql`select * from orders.holds`))
  note('stock that is not the sum of its ledger', await stockDifferences(database))
  note('charged twice, or something else than the total', await wrongCharges(database))
  note('money kept for what is not sold, or given back for what is', await wrongMoney(database))
  note('messages that are left', await database.query(sql`select id, topic, error from orders.outbox`))
  note('numbers of invoices that are missing', await gaps(database))
  note('books whose inStock is not what there is', await wrongInStock(database))
  const statuses = await database.query<{ status: string; count: number }>(sql`
    select status, count(*) as count from orders.orders group by status order by status`)
  const money = await database.one<{ taken: number; given: number }>(sql`
    select (select coalesce(sum(amount), 0)::bigint from payments_sandbox.charges where status = 'charged') as taken,
      (select coalesce(sum(amount), 0)::bigint from payments_sandbox.refunds) as given`)
  return {
    statuses: Object.fromEntries(statuses.map(({ status, count }) => [status, count])),
    ...money,
    faults,
  }
}

function lost(database: Database, acknowledged: readonly Acknowledged[]): Promise<unknown[]> {
  return database.query(sql`
    select id from unnest(${acknowledged.map(({ id }) => id)}::uuid[]) as told (id)
    where not exists (select from orders.orders o where o.id = told.id)`)
}

function stockDifferences(database: Database): Promise<unknown[]> {
  return database.query(sql`
    select stock.book_id, stock.on_hand, stock.held, ledger.on_hand as entered from orders.stock stock
    join lateral (select sum(on_hand) as on_hand, sum(held) as held from orders.stock_ledger entry
      where entry.book_id = stock.book_id) ledger on true
    where stock.on_hand <> ledger.on_hand or stock.held <> ledger.held or stock.held <> 0`)
}

function wrongCharges(database: Database): Promise<unknown[]> {
  return database.query(sql`
    select o.id, o.total, count(*) as charges, sum(charge.amount) as taken
    from payments_sandbox.charges charge join orders.orders o on charge.key = 'charge-' || o.id
    where charge.status = 'charged' group by o.id having count(*) <> 1 or sum(charge.amount) <> o.total`)
}

/** For every order: what the provider has of it is what it costs while it is sold, and nothing when it is over. */
function wrongMoney(database: Database): Promise<unknown[]> {
  return database.query(sql`
    with money as (
      select o.id, o.status, o.total, o.refunded,
        coalesce((select sum(amount) from payments_sandbox.charges where key = 'charge-' || o.id and status = 'charged'), 0)
          as taken,
        coalesce((select sum(refund.amount) from payments_sandbox.refunds refund
          join payments_sandbox.charges charge on charge.id = refund.charge_id
          where charge.key = 'charge-' || o.id), 0) as given
      from orders.orders o)
    select * from money where given <> refunded
      or taken - given <> case when status = any(${sold}) then total - refunded else 0 end`)
}

function gaps(database: Database): Promise<unknown[]> {
  return database.query(sql`
    select kind, last.number from (select kind, max(number) as most, count(*) as count from orders.invoices group by kind) of
    cross join lateral (select of.most as number) last where of.most <> of.count`)
}

function wrongInStock(database: Database): Promise<unknown[]> {
  return database.query(sql`
    select book.id, book.in_stock, stock.on_hand - stock.held as available
    from catalog.books book join orders.stock stock on stock.book_id = book.id
    where book.in_stock <> (stock.on_hand - stock.held > 0)`)
}
