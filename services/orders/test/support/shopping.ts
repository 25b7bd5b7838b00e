import { randomUUID } from 'node:crypto'
import { sql } from '@colophon/postgres'
import { ensureStock, lockStock, recordMovements } from '../../src/stock/movements.ts'
import type { Answer, OrdersHarness, Who } from '../harness.ts'

export const address = {
  name: 'A. Reader',
  line1: 'Main Street 1',
  postalCode: '10115',
  city: 'Berlin',
  country: 'DE',
}

/** An order as a buyer sends it. */
export function orderOf(lines: { bookId: string; quantity: number }[], more: Record<string, unknown> = {}) {
  return { lines, shippingAddress: address, payment: { token: 'tok_approve' }, ...more }
}

interface Buying {
  as?: Who
  token?: string
  key?: string
  more?: Record<string, unknown>
}

/** Sends an order for copies of one book. */
export function buy(
  harness: OrdersHarness,
  bookId: string,
  quantity: number,
  { as, token = 'tok_approve', key = randomUUID(), more = {} }: Buying = {},
): Promise<Answer> {
  const guest = as === undefined ? { email: 'guest@example.com' } : {}
  const body = orderOf([{ bookId, quantity }], { ...guest, payment: { token }, ...more })
  return harness.send('POST', '/api/orders', {
    body,
    headers: { 'idempotency-key': key },
    ...(as !== undefined && { as }),
  })
}

/** Brings copies into the shop, beside any API. */
export async function receive({ orders }: OrdersHarness, bookId: string, copies: number): Promise<void> {
  await orders.deps.database.transaction(async (tx) => {
    await ensureStock(tx, orders.deps, [bookId])
    await lockStock(tx, [bookId])
    await recordMovements(tx, orders.deps, [
      { bookId, onHand: copies, held: 0, reason: 'goods_in', actor: 'system' },
    ])
  })
}

/** What there is of a book. */
export async function stockOf({ test }: OrdersHarness, bookId: string) {
  return test.database.one<{ onHand: number; held: number }>(sql`
    select on_hand as "onHand", held from orders.stock where book_id = ${bookId}`)
}

/** Books whose ledger does not add up to their stock, and holds that do not add up to what is held. */
export async function differences({ test }: Pick<OrdersHarness, 'test'>): Promise<unknown[]> {
  return test.database.query(sql`
    select stock.book_id, stock.on_hand, stock.held, ledger.*, holds.* from orders.stock stock
    cross join lateral (select coalesce(sum(on_hand), 0) as entered, coalesce(sum(held), 0) as entered_held
      from orders.stock_ledger where book_id = stock.book_id) ledger
    cross join lateral (select coalesce(sum(quantity), 0) as set_aside
      from orders.holds where book_id = stock.book_id) holds
    where stock.on_hand <> ledger.entered or stock.held <> ledger.entered_held or stock.held <> holds.set_aside`)
}
