import { type Queryable, sql } from '@colophon/postgres'
import type { OrdersDeps } from '../deps.ts'
import { chargeKeyOf } from '../payments/charge-key.ts'
import { dueAfter } from '../process/next-steps.ts'
import { sendStep } from '../process/steps.ts'
import type { OrderInput } from '../schemas.ts'
import type { Copies } from '../stock/order-stock.ts'
import { holdCopies } from './hold-copies.ts'
import type { PricedOrder } from './priced-order.ts'

export interface NewOrder {
  id: string
  /** Null for a guest. */
  accountId: string | null
  /** In lower case. */
  email: string
  input: OrderInput
  priced: PricedOrder
  holds: readonly Copies[]
}

/** Writes a placed order with all that belongs to it, its holds included, and sends what has it charged. */
export async function writeOrder(tx: Queryable, deps: OrdersDeps, order: NewOrder): Promise<void> {
  // At once: they are sent one behind the other, and run in that order.
  await Promise.all([
    insertOrder(tx, deps, order),
    insertLines(tx, order),
    holdCopies(tx, deps, order.id, order.holds, buyerOf(order)),
    insertPayment(tx, deps, order),
    insertHistory(tx, deps, order),
    sendStep(tx, deps, order.id, 'charge'),
  ])
}

function insertOrder(tx: Queryable, deps: OrdersDeps, { id, accountId, email, input, priced }: NewOrder) {
  const now = deps.now()
  const holdUntil = new Date(now.getTime() + deps.holdMs)
  const dueAt = dueAfter({ status: 'placed', holdUntil }, 0, now)
  const { shipping, shippingTax, shippingTaxRate, tax, total } = priced
  return tx.query(
    sql`insert into orders.orders (id, account_id, email, status, currency, shipping_method, shipping_address,
        billing_address, shipping, shipping_tax, shipping_tax_rate, tax, total, hold_until, due_at, placed_at,
        updated_at)
      values (${id}, ${accountId}, ${email}, 'placed', ${deps.currency}, ${input.shippingMethod},
        ${JSON.stringify(input.shippingAddress)}, ${input.billingAddress ? JSON.stringify(input.billingAddress) : null},
        ${shipping}, ${shippingTax}, ${shippingTaxRate}, ${tax}, ${total}, ${holdUntil}, ${dueAt}, ${now}, ${now})`,
    { name: 'orders.insert-order' },
  )
}

function insertLines(tx: Queryable, { id, priced }: NewOrder) {
  const lines = priced.lines.map(({ book, ...line }, index) => ({
    position: index + 1,
    book_id: book.id,
    isbn13: book.isbn13,
    title: book.title,
    format: book.format,
    authors: book.authors,
    publisher: book.publisher,
    tracked: line.tracked,
    quantity: line.quantity,
    unit_price: line.unitPrice,
    tax_rate: line.taxRate,
    tax: line.tax,
    total: line.total,
  }))
  return tx.query(
    sql`insert into orders.order_lines (order_id, position, book_id, isbn13, title, format, authors, publisher,
        tracked, quantity, unit_price, tax_rate, tax, total)
      select ${id}::uuid, line.* from json_to_recordset(${JSON.stringify(lines)}::json) as line (position smallint,
        book_id uuid, isbn13 text, title text, format text, authors jsonb, publisher jsonb, tracked boolean,
        quantity int, unit_price int, tax_rate int, tax bigint, total bigint)`,
    { name: 'orders.insert-lines' },
  )
}

function insertPayment(tx: Queryable, { currency }: OrdersDeps, { id, input, priced }: NewOrder) {
  return tx.query(
    sql`insert into orders.payments (order_id, key, token, amount, currency, status)
      values (${id}, ${chargeKeyOf(id)}, ${input.payment.token}, ${priced.total}, ${currency}, 'pending')`,
    { name: 'orders.insert-payment' },
  )
}

/** Who does it, for history and ledger. */
function buyerOf({ accountId }: NewOrder): string {
  return accountId ?? 'guest'
}

function insertHistory(tx: Queryable, { now }: OrdersDeps, order: NewOrder) {
  return tx.query(
    sql`insert into orders.order_history (order_id, seq, status, reason, actor, at)
      values (${order.id}, 1, 'placed', 'the order was placed', ${buyerOf(order)}, ${now()})`,
    { name: 'orders.insert-history' },
  )
}
