import { type Queryable, sql } from '@colophon/postgres'
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
export async function judge(database: Queryable, acknowledged: readonly Acknowledged[]): Promise<Verdict> {
  const faults: string[] = []
  const look = async (what: string, rows: Promise<unknown[]>) => {
    faults.push(...fault(what, await rows))
  }
  await look('acknowledged and lost', lost(database, acknowledged))
  await look('stuck', stuck(database))
  await look('holds that are left', database.query(sql`select * from orders.holds`))
  await look('stock that is not the sum of its ledger', stockDifferences(database))
  await look('charged twice, for no order, or something else than the total', wrongCharges(database))
  await look('money kept for what is not sold, or given back for what is', wrongMoney(database))
  await look('messages that are left', database.query(sql`select id, topic, state, error from orders.outbox`))
  await look('mails that were not sent, and that nobody sends any more', forgottenMails(database))
  await look('numbers of invoices that are missing', gaps(database))
  await look('books whose inStock is not what there is', database.query(wrongInStock))
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

/** A line for what must not be, with examples; none when there is nothing of it. */
export function fault(what: string, found: readonly unknown[]): string[] {
  if (found.length === 0) return []
  return [`${what}: ${found.length}, such as ${JSON.stringify(found.slice(0, 3))}`]
}

function lost(database: Queryable, acknowledged: readonly Acknowledged[]): Promise<unknown[]> {
  return database.query(sql`
    select id from unnest(${acknowledged.map(({ id }) => id)}::uuid[]) as told (id)
    where not exists (select from orders.orders o where o.id = told.id)`)
}

function stuck(database: Queryable): Promise<unknown[]> {
  return database.query(sql`
    select id, status, due_at from orders.orders
    where due_at is not null or not status = any(${[...sold, ...over]})`)
}

function stockDifferences(database: Queryable): Promise<unknown[]> {
  return database.query(sql`
    select stock.book_id, stock.on_hand, stock.held, ledger.on_hand as entered from orders.stock stock
    cross join lateral (select coalesce(sum(on_hand), 0) as on_hand, coalesce(sum(held), 0) as held
      from orders.stock_ledger entry where entry.book_id = stock.book_id) ledger
    where stock.on_hand <> ledger.on_hand or stock.held <> ledger.held or stock.held <> 0`)
}

/** By what a charge itself says it is for, whatever its key. */
function wrongCharges(database: Queryable): Promise<unknown[]> {
  return database.query(sql`
    select charge.reference, o.total, count(*) as charges, sum(charge.amount) as taken
    from payments_sandbox.charges charge left join orders.orders o on o.id::text = charge.reference
    where charge.status = 'charged' group by charge.reference, o.id
    having o.id is null or count(*) <> 1 or sum(charge.amount) <> o.total`)
}

/** For every order: what the provider has of it is what it costs while it is sold, and nothing when it is over. */
function wrongMoney(database: Queryable): Promise<unknown[]> {
  return database.query(sql`
    with money as (
      select o.id, o.status, o.total, o.refunded,
        coalesce(sum(charge.amount) filter (where charge.status = 'charged'), 0) as taken,
        coalesce(sum(refund.given), 0) as given
      from orders.orders o left join payments_sandbox.charges charge on charge.reference = o.id::text
      left join lateral (select sum(amount) as given from payments_sandbox.refunds
        where charge_id = charge.id) refund on true
      group by o.id)
    select * from money where given <> refunded
      or taken - given <> case when status = any(${sold}) then total - refunded else 0 end`)
}

/** Those that were lost on the way are sent again after ten minutes, of which their row tells. */
function forgottenMails(database: Queryable): Promise<unknown[]> {
  return database.query(sql`
    select order_id, seq, refused_at from orders.mails where sent_at is null and due_at is null`)
}

function gaps(database: Queryable): Promise<unknown[]> {
  return database.query(sql`
    select kind, last.number from (select kind, max(number) as most, count(*) as count from orders.invoices group by kind) of
    cross join lateral (select of.most as number) last where of.most <> of.count`)
}

const wrongInStock = sql`
  select book.id, book.in_stock, stock.on_hand - stock.held as available
  from catalog.books book join orders.stock stock on stock.book_id = book.id
  where book.in_stock <> (stock.on_hand - stock.held > 0)`

/**
 * How many orders, messages, mails and books something is still to be done about. What waits behind a parked message
 * is not waited for, and what a killed worker had in its hands another does some twenty seconds later.
 */
export async function unfinished(database: Queryable): Promise<number> {
  const { left } = await database.one<{ left: number }>(sql`
    select (select count(*) from orders.orders where due_at is not null)
      + (select count(*) from orders.outbox where state in ('ready', 'retry'))
      + (select count(*) from orders.mails where sent_at is null and due_at is not null)
      + (select count(*) from (${wrongInStock}) as books) as left`)
  return left
}
