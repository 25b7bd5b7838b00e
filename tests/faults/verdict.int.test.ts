import { randomUUID } from 'node:crypto'
import { type Sql, sql } from '@colophon/postgres'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { TestShop } from '../support/shop.ts'
import type { Acknowledged } from './buyers.ts'
import { type Unfinished, unfinished } from './rest.ts'
import { shopWithOrder } from './shop-with-order.ts'
import { judge } from './verdict.ts'

let shop: TestShop
let order: Acknowledged
const lost: Acknowledged = { id: randomUUID(), token: 'tok_approve', cancel: null }

beforeAll(async () => {
  ;({ shop, order } = await shopWithOrder())
})
afterAll(() => shop.stop())

class Rollback extends Error {}

/** What is found where this was done to the order, which it is not any more afterwards. */
async function foundAfter(damages: Sql[], told = order) {
  let found: { faults: string[]; left: Unfinished['what'][] } | undefined
  const work = shop.test.database.transaction(async (tx) => {
    for (const damage of damages) await tx.query(damage)
    const left = await unfinished(tx)
    found = { faults: (await judge(tx, [told])).faults, left: left.map(({ what }) => what) }
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

/** All money of the order is given back, in the books of both sides. */
const givenBack = () => [
  sql`insert into payments_sandbox.refunds (id, key, charge_id, amount, created_at)
    select id, key, id, amount, created_at from payments_sandbox.charges`,
  sql`update orders.orders set refunded = total`,
]

/** A copy more leaves the stock for the order, in whose place another came: stock and ledger agree. */
const takenTwice = () => sql`
  insert into orders.stock_ledger (book_id, on_hand, held, reason, actor, order_id, at)
  select book_id, -1, 0, 'sale', 'system', ${order.id}::uuid, now() from orders.stock
  union all select book_id, 1, 0, 'goods_in', 'system', null, now() from orders.stock`

describe('the verdict', { retry: 0 }, () => {
  it('finds nothing where all is well', async () => {
    const { database } = shop.test
    expect(await judge(database, [order])).toMatchObject({ statuses: { confirmed: 1 }, faults: [] })
    expect(await unfinished(database)).toEqual([])
  })

  it.each<[string, () => Acknowledged[], () => string]>([
    ['was acknowledged and is not there', () => [order, lost], () => lost.id],
    ['is there and was acknowledged to nobody', () => [], () => order.id],
    ['was acknowledged twice', () => [order, order], () => '"times":2'],
  ])('finds an order that %s', async (_, acknowledged, named) => {
    const { faults } = await judge(shop.test.database, acknowledged())
    expect(faults).toEqual([expect.stringMatching(/^acknowledged and lost, .*: 1,/)])
    expect(faults[0]).toContain(named())
  })

  it.each<[string, Partial<Acknowledged>]>([
    ['is sold though its card was declined', { token: 'tok_decline' }],
    ['is sold though its cancel was answered', { cancel: 'cancelled' }],
    ['is sold though it was given back', { cancel: 'refunded' }],
    ['is sold though its cancel was answered, and not done', { cancel: 'confirmed' }],
    ['is sold whole though its rest was cancelled', { cancel: 'shipped' }],
    ['can be cancelled, and that was refused', { cancel: 'order_state' }],
  ])('finds an order that %s', async (_, told) => {
    const { faults } = await judge(shop.test.database, [{ ...order, ...told }])
    expect(faults).toEqual([expect.stringMatching(/^something else than their token .*: 1,/)])
  })

  it.each(['declined', 'expired'])('finds an order that is %s though its card was good', async (status) => {
    const { faults } = (await foundAfter([sql`update orders.orders set status = ${status}`])) ?? {}
    expect(faults).toContainEqual(expect.stringMatching(/^something else than their token/))
  })

  it('finds an order that is cancelled though its money was given back', async () => {
    const isBack = givenBack()
    const told = { ...order, cancel: 'cancelled' }
    const cancelled = sql`update orders.orders set status = 'cancelled'`
    const wrong = expect.stringMatching(/^something else than their token/)
    expect((await foundAfter([...isBack, cancelled], told))?.faults).toContainEqual(wrong)
    const refunded = sql`update orders.orders set status = 'refunded'`
    expect((await foundAfter([...isBack, refunded], told))?.faults).not.toContainEqual(wrong)
    expect((await foundAfter([cancelled], told))?.faults).not.toContainEqual(wrong)
  })

  it('finds money that was given back for what nobody cancelled', async () => {
    const { faults } = (await foundAfter(givenBack())) ?? {}
    expect(faults).toEqual([expect.stringMatching(/^something else than their token/)])
  })

  it('finds a second charge of an order under another key', async () => {
    const { faults } = (await foundAfter([charged(order.id)])) ?? {}
    expect(faults).toEqual([
      expect.stringMatching(/^charged twice, .*"charges":2/),
      expect.stringMatching(/^money kept /),
    ])
  })

  it.each<[string, () => Sql[], RegExp, Unfinished['what'][]]>([
    ['a charge without an order', () => [charged(lost.id)], /^charged twice, for no order/, []],
    ['a charge for nothing', () => [charged(null)], /^charged twice, for no order/, []],
    [
      'a charge that is not decided',
      () => [
        sql`insert into payments_sandbox.charges
          (id, key, amount, currency, token, reference, status, reason, decide_at, created_at)
          select gen_random_uuid(), 'another', amount, currency, token, reference, 'pending', '', now(), now()
          from payments_sandbox.charges`,
      ],
      /^charges that the provider has not decided/,
      [],
    ],
    [
      'money that was given back for what is sold',
      () => [
        sql`insert into payments_sandbox.refunds (id, key, charge_id, amount, created_at)
          select id, key, id, 1, created_at from payments_sandbox.charges`,
      ],
      /^money kept .*, or given back/,
      [],
    ],
    [
      'a payment without an invoice',
      () => [sql`delete from orders.invoices`],
      /^paid without an invoice/,
      [],
    ],
    [
      'a refund without a credit note',
      () => [
        sql`insert into orders.refunds (id, order_id, amount, reason, actor, status, created_at, done_at)
          select gen_random_uuid(), id, 1, '', 'system', 'done', now(), now() from orders.orders`,
      ],
      /^given back without a credit note/,
      [],
    ],
    [
      'a gap in the numbers of invoices',
      () => [sql`update orders.invoices set number = number + 1`],
      /^numbers of invoices that are missing: 1, .*"last":2/,
      [],
    ],
    [
      'stock that its ledger does not have',
      () => [sql`update orders.stock set on_hand = 7`],
      /^stock that/,
      [],
    ],
    ['copies that left the stock twice', () => [takenTwice()], /^copies out of nothing, or/, []],
    [
      'copies out of nothing',
      () => [sql`update orders.stock_ledger set order_id = null where reason = 'sale'`],
      /^copies out of nothing, or/,
      [],
    ],
    [
      'a line that lacks a copy',
      () => [sql`update orders.order_lines set quantity = quantity + 1`],
      /^lines with copies that are neither/,
      [],
    ],
    ['an order that is stuck', () => [sql`update orders.orders set due_at = now()`], /^stuck: 1/, ['order']],
    [
      'a hold',
      () => [sql`insert into orders.holds select ${order.id}, book_id, 1 from orders.stock`],
      /^holds/,
      [],
    ],
    [
      'a message that is parked, and does not wait for it',
      () => [
        sql`insert into orders.outbox (key, topic, payload, state, parked_at) values ('a', 'b', '{}', 'parked', now())`,
      ],
      /^messages that are left.*parked/,
      [],
    ],
    [
      'an order that is confirmed, of which no mail tells',
      () => [sql`delete from orders.mails`],
      /^news of which no mail tells: 1, .*"status":"confirmed"/,
      [],
    ],
    [
      'an order whose version its history does not have',
      () => [sql`update orders.orders set version = version + 1`],
      /^something else than their history/,
      [],
    ],
    [
      'an order whose history ends with another status',
      () => [sql`update orders.order_history set status = 'paid' where status = 'confirmed'`],
      /^something else than their history .*"last":"paid"/,
      [],
    ],
    [
      'a mail that nobody sends any more',
      () => [sql`update orders.mails set sent_at = null, due_at = null`],
      /^mails that were not sent/,
      [],
    ],
    [
      'a book that the catalogue takes to be sold out',
      () => [sql`update catalog.books set in_stock = false`],
      /^books whose inStock/,
      ['book'],
    ],
  ])('finds %s', async (_, damages, fault, left) => {
    expect(await foundAfter(damages())).toEqual({ faults: [expect.stringMatching(fault)], left })
  })
})
