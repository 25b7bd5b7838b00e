import { randomUUID } from 'node:crypto'
import { type Sql, sql } from '@colophon/postgres'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { orderOf } from '../../services/orders/test/support/shopping.ts'
import { startTestShop, type TestShop } from '../support/shop.ts'
import type { Acknowledged } from './buyers.ts'
import { comeToRest } from './rest.ts'
import { judge, unfinished } from './verdict.ts'

let shop: TestShop
const lost: Acknowledged = { id: randomUUID(), orderToken: '', token: 'tok_approve' }
let order: Acknowledged

// One order that is paid for and confirmed, of one copy of two.
beforeAll(async () => {
  shop = await startTestShop()
  const authorization = `Bearer ${await shop.tokenOf('staff')}`
  const price = { amount: 1299, currency: 'EUR' }
  const bookId = await post('/api/books', { title: 'A Book', format: 'paperback', price }, { authorization })
  const headers = { authorization, 'idempotency-key': randomUUID() }
  await post(`/api/inventory/${bookId}/adjustments`, { delta: 2, reason: 'goods_in' }, headers)
  const sent = orderOf([{ bookId, quantity: 1 }], { email: 'guest@example.com' })
  const id = await post('/api/orders', sent, { 'idempotency-key': randomUUID() })
  order = { id, orderToken: '', token: 'tok_approve' }
  await shop.settle()
})
afterAll(() => shop.stop())

async function post(url: string, payload: object, headers: Record<string, string>): Promise<string> {
  const response = await shop.gateway.app.inject({ method: 'POST', url, payload, headers })
  expect(response.statusCode, response.body).toBeLessThan(300)
  return response.json().id
}

class Rollback extends Error {}

/** What is found where this was done to the order, which it is not any more afterwards. */
async function foundAfter(damage: Sql) {
  let found: { faults: string[]; left: number } | undefined
  const work = shop.test.database.transaction(async (tx) => {
    await tx.query(damage)
    found = { faults: (await judge(tx, [order])).faults, left: await unfinished(tx) }
    throw new Rollback()
  })
  await expect(work).rejects.toThrow(Rollback)
  return found
}

/** A charge that the provider has taken beside the order's own. */
const charged = (reference: unknown) => sql`
  insert into payments_sandbox.charges (id, key, amount, currency, token, reference, status, reason, created_at, settled_at)
  select gen_random_uuid(), 'another', amount, currency, token, ${reference}, status, reason, created_at, settled_at
  from payments_sandbox.charges`

it('finds nothing where all is well', async () => {
  expect(await judge(shop.test.database, [order])).toMatchObject({ statuses: { confirmed: 1 }, faults: [] })
  expect(await unfinished(shop.test.database)).toBe(0)
})

it('finds an order that was acknowledged and is not there', async () => {
  const { faults } = await judge(shop.test.database, [order, lost])
  expect(faults).toEqual([expect.stringMatching(/^acknowledged and lost: 1.*/)])
  expect(faults[0]).toContain(lost.id)
})

it('finds a second charge of an order under another key', async () => {
  const { faults } = (await foundAfter(charged(order.id))) ?? {}
  expect(faults).toEqual([
    expect.stringMatching(/^charged twice, .*"charges":2/),
    expect.stringMatching(/^money kept /),
  ])
})

it.each<[string, () => Sql, RegExp, number]>([
  ['a charge without an order', () => charged(lost.id), /^charged twice, for no order/, 0],
  ['a charge for nothing', () => charged(null), /^charged twice, for no order/, 0],
  [
    'money that was given back for what is sold',
    () => sql`insert into payments_sandbox.refunds (id, key, charge_id, amount, created_at)
      select id, key, id, 1, created_at from payments_sandbox.charges`,
    /^money kept .*, or given back/,
    0,
  ],
  ['stock that its ledger does not have', () => sql`update orders.stock set on_hand = 7`, /^stock that/, 0],
  ['an order that is stuck', () => sql`update orders.orders set due_at = now()`, /^stuck: 1/, 1],
  [
    'a hold',
    () => sql`insert into orders.holds select ${order.id}, book_id, 1 from orders.stock`,
    /^holds/,
    0,
  ],
  [
    'a message that is parked, and does not wait for it',
    () =>
      sql`insert into orders.outbox (key, topic, payload, state, parked_at) values ('a', 'b', '{}', 'parked', now())`,
    /^messages that are left.*parked/,
    0,
  ],
  [
    'a mail that nobody sends any more',
    () => sql`update orders.mails set sent_at = null, due_at = null`,
    /^mails that were not sent/,
    0,
  ],
  [
    'a book that the catalogue takes to be sold out',
    () => sql`update catalog.books set in_stock = false`,
    /^books whose inStock/,
    1,
  ],
])('finds %s', async (_, damage, fault, left) => {
  expect(await foundAfter(damage())).toEqual({ faults: [expect.stringMatching(fault)], left })
})

it('waits for a mail that is still to be sent, and finds no fault in it', async () => {
  expect(await foundAfter(sql`update orders.mails set sent_at = null, due_at = now()`)).toEqual({
    faults: [],
    left: 1,
  })
})

it('waits for an order that is stuck no longer than it is told to', async () => {
  const lines: string[] = []
  await shop.test.database.query(sql`update orders.orders set due_at = now() + interval '1 hour'`)
  await comeToRest(shop.test.database, 0, (line) => lines.push(line))
  await shop.test.database.query(sql`update orders.orders set due_at = null`)
  expect(lines).toEqual([expect.stringContaining('1 orders, messages, mails or books did not come to rest')])
})
