import { randomUUID } from 'node:crypto'
import { sql } from '@colophon/postgres'
import fc from 'fast-check'
import type { OrdersHarness, Who } from '../harness.ts'
import { handle } from './handling.ts'
import {
  brokenWord,
  otherOutcomes,
  provider,
  refuses,
  refusing,
  webhook,
  webhookOf,
} from './model-provider.ts'
import { type Action, at, index, type Run, whichOrder } from './model-run.ts'
import { allWork, late, step, stepOf, work } from './model-tasks.ts'
import { buy, receive } from './shopping.ts'

const tokens = [
  'tok_approve',
  'tok_decline',
  'tok_timeout_after_charge',
  'tok_timeout_before',
  'tok_webhook_only',
] as const

const token = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom<string>(...tokens) },
  { weight: 1, arbitrary: fc.constantFrom(...otherOutcomes.keys()) },
)

const quantity = fc.integer({ min: 1, max: 3 })
const buyer = fc.constantFrom<Who>('customer', 'stranger')

export const place = fc.record({ book: index, quantity, token, as: buyer }).map((given) => ({
  name: `${given.as} buys ${given.quantity} of book ${given.book % 4} with ${given.token}`,
  async run({ shop, books, orders }: Run) {
    const { status, body } = await buy(shop, at(books, given.book), given.quantity, given)
    if (status === 202) orders.push(body.id)
    else if (status !== 409) throw new Error(`an order was answered ${status}: ${JSON.stringify(body)}`)
  },
}))

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

type Body = (given: number) => Record<string, unknown>

/** Requests about an order that exists, by whoever may or may not send them. */
function request(path: string, body: Body) {
  const as = fc.constantFrom<Who>('customer', 'stranger', 'staff')
  return fc.tuple(whichOrder, as, index).map(([order, as, given]) => requestOf(order, path, as, body(given)))
}

function requestOf(order: number, path: string, as: Who, body: Record<string, unknown>): Action {
  return {
    name: `${as} asks to ${path} order ${order}: ${JSON.stringify(body)}`,
    async run({ shop, orders }) {
      if (orders.length === 0) return
      const { status, body: answer } = await shop.send('POST', `/api/orders/${at(orders, order)}/${path}`, {
        as,
        body,
        headers: { 'idempotency-key': randomUUID() },
      })
      if (status >= 500) throw new Error(`${path} was answered ${status}: ${JSON.stringify(answer)}`)
    },
  }
}

const cancel = request('cancel', () => ({ reason: 'changed my mind' }))
const ship = request('ship', (given) =>
  given % 2 ? {} : { lines: [{ position: 1, quantity: 1 + (given % 3) }] },
)
const giveBack = request('return', (given) => ({
  lines: [{ position: 1, quantity: 1 + (given % 3), restock: given % 2 === 0 }],
}))
const goodwill: Body = (given) => ({
  amount: { amount: 1 + given, currency: 'EUR' },
  reason: 'a bent corner',
})
const refund = request('refund', goodwill)

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

const single: fc.Arbitrary<Action> = fc.oneof(
  { weight: 4, arbitrary: place },
  { weight: 6, arbitrary: work },
  { weight: 2, arbitrary: allWork },
  { weight: 2, arbitrary: step },
  { weight: 2, arbitrary: time },
  { weight: 2, arbitrary: cancel },
  { weight: 2, arbitrary: ship },
  { weight: 1, arbitrary: giveBack },
  { weight: 1, arbitrary: refund },
  { weight: 1, arbitrary: endRefusal },
  { weight: 2, arbitrary: provider },
  { weight: 1, arbitrary: refusing },
  { weight: 1, arbitrary: brokenWord },
  { weight: 3, arbitrary: webhook },
  { weight: 1, arbitrary: goodsIn },
  { weight: 1, arbitrary: policy },
)

/** Two of these at the same moment: which of them is first, is PostgreSQL's choice. */
const atOnce = fc
  .tuple(
    fc.oneof(cancel, ship, giveBack, refund, endRefusal, place, step),
    fc.oneof(cancel, ship, time, place, webhook, step),
  )
  .map(
    ([one, other]): Action => ({
      name: `at once: ${one.name}; ${other.name}`,
      run: (run) => Promise.all([one.run(run), other.run(run)]),
    }),
  )

const anyLate = fc
  .tuple(fc.constantFrom('call', 'answer'), step, fc.array(single, { minLength: 1, maxLength: 5 }))
  .map((given) => late(...given))

/** The webhook of a charge is quicker than its answer. */
const quickWebhook = fc.tuple(place, fc.boolean(), single).map(
  ([place, tellsAmount, other]): Action => ({
    name: `${place.name}, and the webhook is quicker than the answer${tellsAmount ? '' : ', without amount'}`,
    async run(run) {
      await place.run(run)
      const order = run.orders.length - 1
      if (order < 0) return
      const meanwhile = [webhookOf(order, tellsAmount), other]
      await late('answer', stepOf(order, 'charge'), meanwhile).run(run)
    },
  }),
)

/** The provider refuses a refund that it is asked for again before the first call has reached it; staff end that. */
const lateRefund = fc
  .tuple(whichOrder, index, endRefusal, single)
  .map(([order, given, end, other]): Action => {
    const [asked, again] = [requestOf(order, 'refund', 'staff', goodwill(given)), stepOf(order, 'refund')]
    const refused = late('call', again, [refuses(true), again, end, refuses(false), other])
    return {
      name: `${asked.name}; ${refused.name}`,
      async run(run) {
        await asked.run(run)
        await refused.run(run)
      },
    }
  })

export const actions = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: single },
    { weight: 3, arbitrary: atOnce },
    { weight: 1, arbitrary: anyLate },
    { weight: 1, arbitrary: quickWebhook },
    { weight: 1, arbitrary: lateRefund },
  ),
  { minLength: 5, maxLength: 40, size: 'max' },
)
