import { type Sql, sql } from '@colophon/postgres'

/** Whether no refund of the order was asked for after the one in `summed`. */
const isLast = sql`not exists (
  select from orders.refunds this join orders.refunds later on later.order_id = this.order_id
    and later.status in ('pending', 'done') and (later.created_at, later.id) > (this.created_at, this.id)
  where this.id = summed.id)`

/** How many copies of the part in `summed` refunds of its order name. */
const namedCopies = sql`(
  select coalesce(sum(item.quantity), 0)::int
  from orders.refunds named cross join lateral jsonb_to_recordset(named.items) as item (position int, quantity int)
  where named.status in ('pending', 'done') and named.order_id = summed.order_id and item.position = summed.position)`

/** Refunds for nothing in particular as they fall on the parts of their order. */
const unnamed = sql`
  summed as (
    select given_back.*, position, gone, parts.gross as cost, parts.tax,
      sum(parts.gross) over (partition by id order by position) as up_to, sum(parts.gross) over (partition by id) as whole
    from given_back join parts using (order_id) where items = '[]'
  ), unnamed as (
    select at, order_id, position,
      case when ${isLast} then greatest(0, gone - ${namedCopies}) else 0 end as copies, share as gross,
      coalesce(round(share::numeric * tax / nullif(cost, 0)), 0)::bigint as tax
    from summed cross join lateral (
      select (round(amount * up_to / whole) - round(amount * (up_to - cost) / whole))::bigint as share) as shares
  )`

/**
 * What was sold from one moment until another, less what was given back in that time, as the table `sales` of a `with`:
 * `at, is_sale, order_id, currency, position, authors, publisher, copies, gross, tax`. A row is a line of an order, or
 * its shipping (position 0), once when it was paid and, with negative figures, once for each refund.
 *
 * - A sale counts when its payment was charged; a refund when the provider had done it, whenever the sale was. A charge
 *   that took less than the total paid for nothing: it is no sale, and what was given back of it no refund.
 * - A refund for nothing in particular is of all lines and the shipping, by what they cost. The shares are rounded so
 *   that they add up to it.
 * - Copies that came back or were cancelled are taken off with the refund that names them, or else with the order's last.
 */
export function salesBetween(from: Date, to: Date): Sql {
  return sql`
    paid as (
      select order_id, settled_at as at from orders.payments
      where status = 'charged' and settled_at >= ${from} and settled_at < ${to}
    ), given_back as (
      select id, order_id, amount, items, done_at as at from orders.refunds
      where done_at >= ${from} and done_at < ${to}
    ), touched as (
      select o.id as order_id, o.currency, o.shipping, o.shipping_tax
      from (select order_id from paid union select order_id from given_back) as either
        join orders.orders o on o.id = either.order_id
        join orders.payments payment on payment.order_id = o.id and payment.amount = o.total
    ), parts as (
      select order_id, currency, position, authors, publisher, quantity, cancelled + returned as gone,
        line.total as gross, line.tax
      from touched join orders.order_lines line using (order_id)
      union all
      select order_id, currency, 0, null, null, 0, 0, shipping, shipping_tax from touched
    ), named as (
      select at, order_id, coalesce(item.position, 0) as position, coalesce(item.quantity, 0) as copies,
        item.amount as gross, item.tax
      from given_back
        cross join lateral jsonb_to_recordset(items) as item (position int, quantity int, amount bigint, tax bigint)
    ), ${unnamed}, sales as (
      select at, true as is_sale, order_id, currency, position, authors, publisher, quantity as copies, gross, tax
      from paid join parts using (order_id)
      union all
      select at, false, order_id, currency, position, authors, publisher, -copies, -back.gross, -back.tax
      from (select * from named union all select * from unnamed) as back
        join (select order_id, currency, position, authors, publisher from parts) as part using (order_id, position)
    )`
}

/** Sums of `sales`: what the reports have in common. */
export const salesSums = sql`
  sum(copies)::bigint as copies, sum(gross - tax)::bigint as net, sum(tax)::bigint as tax, sum(gross)::bigint as gross`
