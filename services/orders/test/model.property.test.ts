import { sql } from '@colophon/postgres'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { isLegal, type OrderStatus } from '../src/process/states.ts'
import { type OrdersHarness, startOrders } from './harness.ts'
import { handle } from './support/handling.ts'
import { actions, pass, place } from './support/model-actions.ts'
import { otherOutcomes, refusing, tell } from './support/model-provider.ts'
import type { Run } from './support/model-run.ts'
import { differences, receive } from './support/shopping.ts'

let shop: OrdersHarness
/** The refunds of which the log says so, once for each time: that they were given back twice, or that they may be. */
const givenTwice: string[] = []
const perhapsTwice: string[] = []

beforeAll(async () => {
  shop = await startOrders()
  for (const [token, outcome] of otherOutcomes) shop.payments.outcomes.set(token, outcome)
  vi.spyOn(shop.orders.deps.logger, 'error').mockImplementation((told: unknown, alarm: unknown) => {
    const { refundId = '' } = told as { refundId?: string }
    if (alarm === 'a refund was given back twice') givenTwice.push(refundId)
    if (alarm === 'a refund that was asked for again was given back') perhapsTwice.push(refundId)
  })
})
afterAll(() => shop.stop())

describe('an order', () => {
  it('never reaches an illegal state, whatever customers, staff, provider, time and crashes do to it', async () => {
    const property = fc.asyncProperty(refusing, place, place, actions, async (one, two, three, steps) => {
      const run: Run = { shop, books: await shelve(), orders: [] }
      for (const step of [one, two, three, ...steps]) {
        await step.run(run)
        await expectLegal(run)
      }
      await comeToRest()
      // For as long as anything is sent again that was lost but steps and mails.
      await pass(shop, 90)
      await comeToRest()
      await tellAmounts(run)
      await endRefusals(run)
      await comeToRest()
      await expectLegal(run)
      await expectDone(run)
      await expectReconciled(run)
    })
    await fc.assert(property, { numRuns: 15 })
    await fc.assert(property, { numRuns: 300, interruptAfterTimeLimit: 15_000 })
  }, 120_000)
})

/** One book with many copies, one with few, one sold beyond its stock, one e-book. */
async function shelve(): Promise<string[]> {
  const [many, few, beyond] = [shop.catalog.add(), shop.catalog.add(), shop.catalog.add()]
  const ebook = shop.catalog.add({ format: 'ebook' })
  await receive(shop, many.id, 100)
  await receive(shop, few.id, 3)
  await receive(shop, beyond.id, 1)
  await shop.test.database.query(
    sql`update orders.stock set policy = 'backorder' where book_id = ${beyond.id}`,
  )
  return [many.id, few.id, beyond.id, ebook.id]
}

interface Told {
  id: string
  statuses: OrderStatus[]
  seqs: number[]
  status: OrderStatus
  version: number
}

/** Every order got where it is by moves of the table, and copies and money add up. */
async function expectLegal({ orders }: Run): Promise<void> {
  const told = await shop.test.database.query<Told>(sql`
    select o.id, o.status, o.version, array_agg(entry.status order by entry.seq) as statuses,
      array_agg(entry.seq order by entry.seq) as seqs
    from orders.orders o join orders.order_history entry on entry.order_id = o.id
    where o.id = any(${orders}::uuid[]) group by o.id`)
  for (const { statuses, seqs, status, version } of told) {
    expect(statuses[0]).toBe('placed')
    expect(statuses.at(-1)).toBe(status)
    expect(seqs).toEqual(Array.from({ length: version }, (_, index) => index + 1))
    statuses.forEach((to, index) => {
      const from = statuses[index - 1]
      if (from !== undefined && from !== to) expect(isLegal(from, to), `${from} to ${to}`).toBe(true)
    })
  }
  expect(await differences(shop)).toEqual([])
  for (const id of orders) {
    const { taken, given } = shop.payments.accountOf(`charge-${id}`)
    expect(given).toBeLessThanOrEqual(taken)
  }
}

/** Until nothing is due any more: the provider decides, tasks are done, and the sweeper sends what was lost. */
async function comeToRest(): Promise<void> {
  for (let round = 0; round < 50; round++) {
    for (const key of shop.payments.pending()) shop.payments.settle(key, 'approve')
    await shop.settle()
    const { due } = await shop.test.database.one<{ due: number }>(
      sql`select (select count(*) from orders.orders where due_at is not null)
        + (select count(*) from orders.mails where due_at is not null) as due`,
    )
    if (due === 0) return
    await pass(shop, 90)
  }
  throw new Error('there are orders that do not come to rest')
}

/** Tells at last what each charge took of which the shop knows: of others it has to have heard by itself. */
async function tellAmounts({ orders }: Run): Promise<void> {
  const charged = await shop.test.database.query<{ id: string }>(sql`
    select order_id as id from orders.payments where order_id = any(${orders}::uuid[]) and status = 'charged'`)
  for (const { id } of charged) await tell(shop, id, true)
}

/**
 * Staff have what the provider has refused to give back asked for again, or give it back elsewhere, and then what is
 * missing of orders that are over. What was given back twice is missing at the provider: it refuses that much for good.
 */
async function endRefusals(run: Run): Promise<void> {
  shop.payments.refusal = null
  await endAll(run, run.orders.length % 2 === 0 ? 'again' : 'elsewhere')
  await comeToRest()
  await giveBackRest(run)
  await comeToRest()
  await endAll(run, 'elsewhere')
}

/** The last first; what is more than was paid by then, or not booked at all, is withdrawn. */
async function endAll({ orders }: Run, how: 'again' | 'elsewhere'): Promise<void> {
  const refused = await shop.test.database.query<{ id: string; orderId: string; isByHand: boolean }>(sql`
    select id, order_id as "orderId", attempt = 0 as "isByHand" from orders.refunds
    where order_id = any(${orders}::uuid[]) and status = 'refused' order by created_at desc, id desc`)
  for (const { id, orderId, isByHand } of refused) {
    const end = (action: string) => handle(shop, orderId, `refunds/${id}`, { action, reason: 'once more' })
    const { status, body } = await end(how)
    if (status === 200) continue
    expect(body.code).toBe(isByHand ? 'refund_state' : 'refund_too_large')
    expect(await end('withdraw')).toMatchObject({ status: 200 })
  }
}

async function giveBackRest({ orders }: Run): Promise<void> {
  const owed = await shop.test.database.query<{ id: string; amount: number }>(sql`
    select o.id, payment.amount - o.refunded as amount from orders.orders o join orders.payments payment
      on payment.order_id = o.id
    where o.id = any(${orders}::uuid[]) and o.status in ('cancelled', 'expired', 'declined')
      and payment.status = 'charged' and payment.amount > o.refunded`)
  for (const { id, amount } of owed) {
    const refund = { amount: { amount, currency: 'EUR' }, reason: 'once more' }
    expect(await handle(shop, id, 'refund', refund)).toMatchObject({ status: 200 })
  }
}

/** Whatever was lost, each mail was sent, nobody waits for what is there, and the catalogue knows what is. */
async function expectReconciled({ books, orders }: Run): Promise<void> {
  const { database } = shop.test
  const unsent = sql`select seq from orders.mails where order_id = any(${orders}::uuid[]) and sent_at is null`
  expect(await database.query(unsent)).toEqual([])
  const stock = await database.query<{ bookId: string; free: number; awaited: number }>(sql`
    select book_id as "bookId", on_hand - held as free, (select coalesce(sum(line.quantity - allocated - cancelled), 0)
      from orders.order_lines line join orders.orders o on o.id = line.order_id
      where line.book_id = stock.book_id and o.status in ('confirmed', 'partly_shipped')) as awaited
    from orders.stock where book_id = any(${books}::uuid[])`)
  for (const { bookId, free, awaited } of stock) {
    expect(Math.min(free, awaited)).toBe(0)
    expect(shop.catalog.inStock.get(bookId) ?? false).toBe(free > 0)
  }
}

interface Rest {
  id: string
  status: OrderStatus
  total: number
  refunded: number
  payment: string
  /** What was taken of the total. */
  paid: number
  /** What was given back by another way than the provider. */
  elsewhere: number
  /** What staff were told to give back at the provider. */
  byHand: number
  refunds: { id: string; amount: number }[]
  open: number
}

/**
 * No order stands still, no hold is left, and the provider has exactly the money of what is sold, but for what staff give
 * back there, or have given back elsewhere.
 */
async function expectDone({ orders }: Run): Promise<void> {
  const rest = await shop.test.database.query<Rest>(sql`
    select o.id, o.status, o.total, o.refunded, payment.status as payment, payment.amount as paid,
      (select coalesce(sum(amount), 0)::bigint from orders.refunds where order_id = o.id and elsewhere) as elsewhere,
      (select coalesce(sum(amount), 0)::bigint from orders.refunds where order_id = o.id and attempt = 0) as "byHand",
      (select coalesce(json_agg(json_build_object('id', id, 'amount', amount)), '[]') from orders.refunds
        where order_id = o.id) as refunds,
      (select count(*) from orders.holds where order_id = o.id) as open
    from orders.orders o join orders.payments payment on payment.order_id = o.id
    where o.id = any(${orders}::uuid[])`)
  expect(rest).toHaveLength(orders.length)
  for (const order of rest) {
    expect(['placed', 'paid']).not.toContain(order.status)
    expect(order.payment).not.toBe('pending')
    expect(order.open).toBe(0)
    expectMoney(order)
  }
}

function expectMoney({ id, status, total, refunded, payment, paid, elsewhere, byHand, refunds }: Rest): void {
  const { calls, asked, taken, currency, given } = shop.payments.accountOf(`charge-${id}`)
  if (calls > 0) expect(asked, `${id} was asked for something else than its total`).toBe(total)
  expect(taken > 0, `${id} was charged, and nobody knows`).toBe(payment === 'charged')
  const amounts = new Map(refunds.map((refund) => [refund.id, refund.amount]))
  const sumOf = (ids: string[]) => ids.reduce((sum, refundId) => sum + (amounts.get(refundId) ?? 0), 0)
  const untold = given + elsewhere - refunded - sumOf(givenTwice)
  expect(untold).toBeGreaterThanOrEqual(0)
  expect(untold).toBeLessThanOrEqual(sumOf(perhapsTwice))
  const isOver = ['cancelled', 'expired', 'declined', 'refunded'].includes(status)
  if (isOver) expect(refunded).toBe(payment === 'charged' ? paid : 0)
  else expect([paid, currency]).toEqual([total, 'EUR'])
  if (payment !== 'charged') expect(byHand).toBe(0)
  else if (currency === 'EUR')
    expect([paid, byHand]).toEqual([Math.min(taken, total), Math.max(0, taken - total)])
  else expect([paid, byHand]).toEqual([0, total])
}
