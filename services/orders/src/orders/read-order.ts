import { type Queryable, type Sql, sql } from '@colophon/postgres'
import type { Order } from '../schemas.ts'

/** An order with who it belongs to, which is not shown. */
export interface KnownOrder {
  order: Order
  /** Null for a guest's. */
  accountId: string | null
}

/** The whole order in one statement, each list by one index look-up. The provider's own words are for staff alone. */
function orderColumns(forStaff: boolean): Sql {
  return sql`
    o.id, o.number, o.account_id as "accountId", o.status, o.email, o.currency,
    o.shipping_method as "shippingMethod", o.shipping_address as "shippingAddress",
    o.billing_address as "billingAddress", o.shipping, o.tax, o.total, o.refunded, o.version,
    o.placed_at as "createdAt", o.updated_at as "updatedAt",
    (select json_build_object('status', payment.status,
        'reason', case when payment.status = 'declined' then payment.reason end)
      from orders.payments payment where payment.order_id = o.id) as payment,
    (select json_agg(json_build_object('position', line.position, 'bookId', line.book_id, 'isbn13', line.isbn13,
        'title', line.title, 'format', line.format, 'quantity', line.quantity, 'unitPrice', line.unit_price,
        'taxRate', line.tax_rate, 'tax', line.tax, 'total', line.total, 'allocated', line.allocated,
        'shipped', line.shipped, 'cancelled', line.cancelled, 'returned', line.returned) order by line.position)
      from orders.order_lines line where line.order_id = o.id) as lines,
    (select coalesce(json_agg(json_build_object('id', refund.id, 'amount', refund.amount, 'reason', refund.reason,
        'status', refund.status, 'refusal', case when ${forStaff}::boolean then refund.refusal end,
        'elsewhere', refund.elsewhere, 'requestedAt', refund.created_at, 'doneAt', refund.done_at)
        order by refund.created_at, refund.id), '[]')
      from orders.refunds refund where refund.order_id = o.id) as refunds,
    (select coalesce(json_agg(json_build_object('id', shipment.id, 'at', shipment.at, 'carrier', shipment.carrier,
        'tracking', shipment.tracking, 'lines', shipment.lines) order by shipment.id), '[]')
      from orders.shipments shipment where shipment.order_id = o.id) as shipments,
    (select json_agg(json_build_object('seq', entry.seq, 'status', entry.status, 'at', entry.at,
        'reason', entry.reason) order by entry.seq)
      from orders.order_history entry where entry.order_id = o.id) as history`
}

type Line = Omit<Order['lines'][number], 'unitPrice' | 'tax' | 'total'> & {
  unitPrice: number
  tax: number
  total: number
}

type Refund = Omit<Order['refunds'][number], 'amount'> & { amount: number }

type Row = Omit<Order, 'shipping' | 'tax' | 'total' | 'lines' | 'payment' | 'refunds'> & {
  accountId: string | null
  currency: string
  shipping: number
  tax: number
  total: number
  refunded: number
  lines: Line[]
  refunds: Refund[]
  payment: { status: Order['payment']['status']; reason: string | null }
}

function orderOf({ accountId, currency, refunded, ...row }: Row): KnownOrder {
  const money = (amount: number) => ({ amount, currency })
  const order: Order = {
    ...row,
    shipping: money(row.shipping),
    tax: money(row.tax),
    total: money(row.total),
    payment: { ...row.payment, refunded: money(refunded) },
    lines: row.lines.map((line) => ({
      ...line,
      unitPrice: money(line.unitPrice),
      taxRate: line.taxRate / 100,
      tax: money(line.tax),
      total: money(line.total),
    })),
    refunds: row.refunds.map((refund) => ({
      ...refund,
      amount: money(refund.amount),
      requestedAt: inUtc(refund.requestedAt),
      doneAt: refund.doneAt === null ? null : inUtc(refund.doneAt),
    })),
    shipments: row.shipments.map((shipment) => ({ ...shipment, at: inUtc(shipment.at) })),
    history: row.history.map((entry) => ({ ...entry, at: inUtc(entry.at) })),
  }
  return { accountId, order }
}

/** A time as PostgreSQL writes it into JSON, as everybody else writes it. */
function inUtc(time: string): string {
  return new Date(time).toISOString()
}

/** One order by its id, as its buyer may see it or as staff do. */
export async function readOrder(
  db: Queryable,
  id: string,
  forStaff = false,
): Promise<KnownOrder | undefined> {
  const row = await db.maybeOne<Row>(
    sql`select ${orderColumns(forStaff)} from orders.orders o where o.id = ${id}`,
    {
      name: 'orders.read-order',
    },
  )
  return row && orderOf(row)
}

/** The orders of these ids, in this order, as their buyers may see them or as staff do. */
export async function readOrders(db: Queryable, ids: readonly string[], forStaff: boolean): Promise<Order[]> {
  if (ids.length === 0) return []
  const rows = await db.query<Row>(sql`
    select ${orderColumns(forStaff)} from orders.orders o where o.id = any(${ids}::uuid[])`)
  const byId = new Map(rows.map((row) => [row.id, orderOf(row).order]))
  return ids.flatMap((id) => byId.get(id) ?? [])
}
