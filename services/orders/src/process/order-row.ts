import { type Queryable, sql } from '@colophon/postgres'
import type { OrderStatus } from './states.ts'

/** What a move has to know of an order, held by the transaction that has locked it. */
export interface OrderRow {
  id: string
  status: OrderStatus
  version: number
  currency: string
  /** With tax: what was asked for, whatever was taken. */
  total: number
  /** With tax. */
  shipping: number
  shippingTax: number
  refunded: number
  holdUntil: string | null
  payment: PaymentRow
}

/** The order's one charge. */
export interface PaymentRow {
  key: string
  token: string | null
  /** What is asked for; once it is charged, what was taken of that. */
  amount: number
  status: 'pending' | 'charged' | 'declined' | 'void'
  attemptedAt: string | null
}

/**
 * Holds an order until the transaction ends; undefined when there is none of that id. Its payment is held too: whoever
 * waits for a row is given it as it is then, but a row that is only joined as it was when they began to wait.
 */
export async function lockOrder(tx: Queryable, id: string): Promise<OrderRow | undefined> {
  return tx.maybeOne<OrderRow>(
    sql`select o.id, o.status, o.version, o.currency, o.total, o.shipping, o.shipping_tax as "shippingTax",
        o.refunded, o.hold_until as "holdUntil", json_build_object('key', payment.key, 'token', payment.token,
          'amount', payment.amount, 'status', payment.status, 'attemptedAt', payment.attempted_at) as payment
      from orders.orders o join orders.payments payment on payment.order_id = o.id
      where o.id = ${id} for update of o, payment`,
    { name: 'orders.lock-order' },
  )
}

/** How many copies of a line are where. */
export interface LineRow {
  position: number
  bookId: string
  title: string
  tracked: boolean
  quantity: number
  /** Of the whole line. */
  tax: number
  /** Of the whole line, with tax. */
  total: number
  allocated: number
  shipped: number
  cancelled: number
  returned: number
}

/** The lines of an order that is locked. */
export function readLines(tx: Queryable, orderId: string): Promise<LineRow[]> {
  return tx.query<LineRow>(
    sql`select position, book_id as "bookId", title, tracked, quantity, tax, total, allocated, shipped, cancelled, returned
      from orders.order_lines where order_id = ${orderId} order by position`,
    { name: 'orders.read-lines' },
  )
}
