import { randomUUID } from 'node:crypto'
import type { BookForSale } from '@colophon/catalog'
import { sql } from '@colophon/postgres'
import type { Answer, OrdersHarness, SendOptions, Who } from '../harness.ts'
import { orderOf, receive } from './shopping.ts'

/** What staff do to an order, sent with a key of its own unless one is given. */
export function handle(
  harness: OrdersHarness,
  id: string,
  what: 'ship' | 'return' | 'refund' | `refunds/${string}`,
  body: unknown,
  { key = randomUUID(), as = 'staff' }: { key?: string; as?: Who } = {},
): Promise<Answer> {
  return harness.send('POST', `/api/orders/${id}/${what}`, { as, body, headers: { 'idempotency-key': key } })
}

export function cancel(harness: OrdersHarness, id: string, options: SendOptions = {}): Promise<Answer> {
  return harness.send('POST', `/api/orders/${id}/cancel`, { as: 'customer', ...options })
}

/** An order as staff see it. */
export async function read(harness: OrdersHarness, id: string) {
  const { body } = await harness.send('GET', `/api/orders/${id}`, { as: 'staff' })
  return body
}

interface Wanted {
  quantity: number
  /** How many copies come in for it beforehand; as many as are wanted when absent. */
  stock?: number
  book?: Partial<BookForSale>
}

interface Buying {
  as?: Who
  more?: Record<string, unknown>
}

/** Places an order for books that are made up for it; its first line is the first of these. */
export async function place(
  harness: OrdersHarness,
  wanted: readonly Wanted[],
  { as = 'customer', more = {} }: Buying = {},
) {
  const lines: { bookId: string; quantity: number }[] = []
  for (const { quantity, stock = quantity, book } of wanted) {
    const { id: bookId, format } = harness.catalog.add(book)
    lines.push({ bookId, quantity })
    if (format === 'ebook') continue
    await receive(harness, bookId, stock)
    const isShort = stock < quantity
    if (isShort) await backorder(harness, bookId)
  }
  const headers = { 'idempotency-key': randomUUID() }
  const { status, body } = await harness.send('POST', '/api/orders', {
    as,
    body: orderOf(lines, more),
    headers,
  })
  if (status !== 202) throw new Error(JSON.stringify(body))
  return body
}

/** The same, paid and confirmed. */
export async function confirmed(harness: OrdersHarness, wanted: readonly Wanted[], buying: Buying = {}) {
  const { id } = await place(harness, wanted, buying)
  await settled(harness)
  return read(harness, id)
}

/** Runs all there is to do. */
export async function settled(harness: OrdersHarness): Promise<void> {
  const errors = await harness.settle()
  if (errors.length > 0) throw new AggregateError(errors, 'tasks that failed')
}

/** Lets a book be sold beyond what is there. */
export async function backorder({ test }: OrdersHarness, bookId: string): Promise<void> {
  await test.database.query(sql`update orders.stock set policy = 'backorder' where book_id = ${bookId}`)
}

/** What the provider has taken and given back of one order, in minor units. */
export function moneyOf({ payments }: OrdersHarness, id: string) {
  const { taken, given } = payments.accountOf(`charge-${id}`)
  return { taken, given }
}
