import { type Queryable, sql } from '@colophon/postgres'
import { sold } from './outcome.ts'

/** By what a charge itself says it is for, whatever its key. */
export function wrongCharges(database: Queryable): Promise<unknown[]> {
  return database.query(sql`
    select charge.reference, o.total, count(*) as charges, sum(charge.amount) as taken
    from payments_sandbox.charges charge left join orders.orders o on o.id::text = charge.reference
    where charge.status = 'charged' group by charge.reference, o.id
    having o.id is null or count(*) <> 1 or sum(charge.amount) <> o.total`)
}

/** Money that is taken yet, of which no order waits to hear. */
export function undecidedCharges(database: Queryable): Promise<unknown[]> {
  return database.query(sql`
    select id, key, reference, decide_at from payments_sandbox.charges where status = 'pending'`)
}

/**
 * For every order: what the provider has of it is what it costs while it is sold, and nothing when it is
 * over.
 */
export function wrongMoney(database: Queryable): Promise<unknown[]> {
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

/** An order that was paid has an invoice. Money that came when it was over has none: it was given back. */
export function missingInvoices(database: Queryable): Promise<unknown[]> {
  return database.query(sql`
    select o.id, o.status from orders.orders o
    where (o.status = any(${sold})
        or exists (select from orders.order_history where order_id = o.id and status = 'paid'))
      and not exists (select from orders.invoices where order_id = o.id and kind = 'invoice')`)
}

/** Of an order with an invoice, all that was given back has a credit note. */
export function missingCreditNotes(database: Queryable): Promise<unknown[]> {
  return database.query(sql`
    select refund.id, refund.order_id, refund.amount
    from orders.refunds refund join orders.invoices invoice using (order_id)
    where refund.status = 'done' and invoice.kind = 'invoice'
      and not exists (select from orders.invoices note where note.refund_id = refund.id)`)
}

export function gaps(database: Queryable): Promise<unknown[]> {
  return database.query(sql`
    select kind, max(number) as last, count(*) as count from orders.invoices group by kind
    having max(number) <> count(*)`)
}
