import { randomUUID } from 'node:crypto'
import { sql } from '@colophon/postgres'
import fc from 'fast-check'
import { PaymentError } from '../../src/payments/port.ts'
import { recordCharge } from '../../src/process/settlement.ts'
import type { OrdersHarness, Who } from '../harness.ts'
import type { FakeOutcome } from './fake-payments.ts'
import { handle } from './handling.ts'
import { buy, receive } from './shopping.ts'

/** What a run of actions works on. */
export interface Run {
  shop: OrdersHarness
  /** One with many copies, one with few, one sold beyond its stock, one e-book. */
  books: string[]
  orders: string[]
}

/** Something that happens to a shop, of whatever kind, at whatever moment. */
export interface Action {
  name: string
  run(run: Run): Promise<unknown>
}

const tokens = [
  'tok_approve',
  'tok_decline',
  'tok_timeout_after_charge',
  'tok_timeout_before',
  'tok_webhook_only',
] as const

/** Of charges that take another amount than is asked for. */
export const otherOutcomes: ReadonlyMap<string, FakeOutcome> = new Map([
  ['tok_less', { take: ({ amount, currency }) => ({ amount: Math.ceil(amount / 3), currency }) }],
  ['tok_more', { take: ({ amount, currency }) => ({ amount: amount + 250, currency }) }],
  ['tok_nothing', { take: ({ currency }) => ({ amount: 0, currency }) }],
  ['tok_dollars', { take: ({ amount }) => ({ amount, currency: 'USD' }) }],
] satisfies [string, FakeOutcome][])

const token = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom<string>(...tokens) },
  { weight: 1, arbitrary: fc.constantFrom(...otherOutcomes.keys()) },
)

const index = fc.nat({ max: 1_000 })
const quantity = fc.integer({ min: 1, max: 3 })
const buyer = fc.constantFrom<Who>('customer', 'stranger')

const place = fc.record({ book: index, quantity, token, as: buyer }).map((given) => ({
  name: `${given.as} buys ${given.quantity} of book ${given.book % 4} with ${given.token}`,
  async run({ shop, books, orders }: Run) {
    const { status, body } = await buy(shop, at(books, given.book), given.quantity, given)
    if (status === 202) orders.push(body.id)
    else if (status !== 409) throw new Error(`an order was answered ${status}: ${JSON.stringify(body)}`)
  },
}))

/** What a worker meets while it does a task. */
const mishaps = [
  'none',
  'none',
  'none',
  'call fails',
  'answer is lost',
  'task runs twice',
  'message is lost',
] as const

const work = fc.record({ row: index, mishap: fc.constantFrom(...mishaps) }).map(({ row, mishap }) => ({
  name: `task ${row} is done (${mishap})`,
  run: ({ shop }: Run) => doTask(shop, row, mishap),
}))

async function doTask(shop: OrdersHarness, row: number, mishap: (typeof mishaps)[number]): Promise<void> {
  const waiting = await shop.test.database.query<{
    id: number
    task: string | null
    kwargs: Record<string, unknown>
  }>(sql`
    select id, payload->>'task' as task, payload->'kwargs' as kwargs from orders.outbox order by id`)
  if (waiting.length === 0) return
  const { id, task, kwargs } = at(waiting, row)
  const remove = () => shop.test.database.query(sql`delete from orders.outbox where id = ${id}`)
  if (task === null || mishap === 'message is lost') return void (await remove())
  const fail = () => {
    throw new PaymentError('unknown', 'no answer in time')
  }
  shop.payments.before = mishap === 'call fails' ? fail : () => {}
  shop.payments.after = mishap === 'answer is lost' ? fail : () => {}
  try {
    await shop.run(task, kwargs)
    if (mishap !== 'task runs twice') await remove()
  } catch (error) {
    // It is tried again, as its message stays; anything but a payment of which nothing is known is a mistake.
    if (!(error instanceof Error) || error.name !== 'PaymentError') throw error
  } finally {
    shop.payments.before = () => {}
    shop.payments.after = () => {}
  }
}

const time = fc.integer({ min: 1, max: 20 }).map((minutes) => ({
  name: `${minutes} minutes pass, and what stands still or was lost is sent again`,
  run: ({ shop }: Run) => pass(shop, minutes),
}))

/** Time passes, with the sweeper and the reconciler, which come by at least every five minutes. */
export async function pass(shop: OrdersHarness, minutes: number): Promise<void> {
  for (let left = minutes; left > 0; left -= 5) {
    shop.clock.advance(Math.min(left, 5) * 60_000)
    await shop.run('orders.sweep')
    await shop.run('orders.reconcile')
  }
}

/** Requests about an order that exists, by whoever may or may not send them. */
function request(path: string, body: (given: number) => Record<string, unknown>) {
  return fc
    .record({ order: index, given: index, as: fc.constantFrom<Who>('customer', 'stranger', 'staff') })
    .map(({ order, given, as }) => ({
      name: `${as} asks to ${path} order ${order}: ${JSON.stringify(body(given))}`,
      async run({ shop, orders }: Run) {
        if (orders.length === 0) return
        const { status, body: answer } = await shop.send('POST', `/api/orders/${at(orders, order)}/${path}`, {
          as,
          body: body(given),
          headers: { 'idempotency-key': randomUUID() },
        })
        if (status >= 500) throw new Error(`${path} was answered ${status}: ${JSON.stringify(answer)}`)
      },
    }))
}

const cancel = request('cancel', () => ({ reason: 'changed my mind' }))
const ship = request('ship', (given) =>
  given % 2 ? {} : { lines: [{ position: 1, quantity: 1 + (given % 3) }] },
)
const giveBack = request('return', (given) => ({
  lines: [{ position: 1, quantity: 1 + (given % 3), restock: given % 2 === 0 }],
}))
const refund = request('refund', (given) => ({
  amount: { amount: 1 + given, currency: 'EUR' },
  reason: 'a bent corner',
}))

const endRefusal = fc
  .record({ row: index, action: fc.constantFrom('again', 'elsewhere', 'withdraw') })
  .map(({ row, action }) => ({
    name: `staff end refused refund ${row}: ${action}`,
    async run({ shop, orders }: Run) {
      const refused = await shop.test.database.query<{ id: string; orderId: string }>(sql`
        select id, order_id as "orderId" from orders.refunds
        where order_id = any(${orders}::uuid[]) and status = 'refused' order by created_at, id`)
      if (refused.length === 0) return
      const { id, orderId } = at(refused, row)
      const { status, body } = await handle(shop, orderId, `refunds/${id}`, { action, reason: 'once more' })
      if (status !== 200 && status !== 409)
        throw new Error(`${action} was answered ${status}: ${body.detail}`)
    },
  }))

const provider = fc.record({ charge: index, approves: fc.boolean() }).map(({ charge, approves }) => ({
  name: `the provider ${approves ? 'takes' : 'declines'} what it had left open`,
  async run({ shop }: Run) {
    const open = shop.payments.pending()
    if (open.length > 0) {
      shop.payments.settle(at(open, charge), approves ? 'approve' : { decline: 'after some thought' })
    }
  },
}))

/** Until it happens otherwise. */
export const refusing = fc.boolean().map((refuses) => ({
  name: `the provider ${refuses ? 'refuses to give' : 'gives'} money back from now on`,
  async run({ shop }: Run) {
    shop.payments.refusal = refuses ? 'the charge is disputed' : null
  },
}))

const brokenWord = index.map((order) => ({
  name: `the provider takes what it has declined for order ${order}`,
  async run({ shop, orders }: Run) {
    const id = orders.length === 0 ? '' : at(orders, order)
    const charge = shop.payments.takeDeclined(`charge-${id}`)
    if (charge !== undefined) await recordCharge(shop.orders.deps, id, charge)
  },
}))

const policy = fc.constantFrom('in_stock', 'backorder').map((policy) => ({
  name: `book 2 is sold as ${policy}`,
  async run({ shop, books }: Run) {
    const headers = { 'if-match': '*' }
    await shop.send('PATCH', `/api/inventory/${at(books, 2)}`, { as: 'staff', body: { policy }, headers })
  },
}))

const goodsIn = fc
  .record({ book: index, copies: fc.integer({ min: 1, max: 5 }) })
  .map(({ book, copies }) => ({
    name: `${copies} copies of book ${book % 3} arrive`,
    async run({ shop, books }: Run) {
      const bookId = at(books.slice(0, 3), book)
      await receive(shop, bookId, copies)
      if (copies % 2 === 0) await shop.run('orders.allocate', { book_id: bookId })
    },
  }))

const single = fc.oneof(
  { weight: 4, arbitrary: place },
  { weight: 8, arbitrary: work },
  { weight: 2, arbitrary: time },
  { weight: 2, arbitrary: cancel },
  { weight: 2, arbitrary: ship },
  { weight: 1, arbitrary: giveBack },
  { weight: 1, arbitrary: refund },
  { weight: 1, arbitrary: endRefusal },
  { weight: 1, arbitrary: provider },
  { weight: 1, arbitrary: refusing },
  { weight: 1, arbitrary: brokenWord },
  { weight: 1, arbitrary: goodsIn },
  { weight: 1, arbitrary: policy },
)

/** Two requests at the same moment: which of them is first, is PostgreSQL's choice. */
const atOnce = fc
  .tuple(fc.oneof(cancel, ship, giveBack, refund, place), fc.oneof(cancel, ship, time, place))
  .map(
    ([one, other]): Action => ({
      name: `at once: ${one.name}; ${other.name}`,
      run: (run) => Promise.all([one.run(run), other.run(run)]),
    }),
  )

export const actions = fc.array(
  fc.oneof({ weight: 6, arbitrary: single }, { weight: 1, arbitrary: atOnce }) as fc.Arbitrary<Action>,
  { minLength: 5, maxLength: 40 },
)

function at<T>(list: readonly T[], index: number): T {
  return list[index % list.length] as T
}
