import { randomUUID } from 'node:crypto'
import { Problem } from '@colophon/http'
import { sql } from '@colophon/postgres'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { placeOrder } from '../src/placing/place-order.ts'
import { allocateCopies } from '../src/process/allocate-copies.ts'
import { cancelOrder } from '../src/process/cancel-order.ts'
import { chargeOrder } from '../src/process/charge-order.ts'
import { confirmOrder } from '../src/process/confirm-order.ts'
import { expireOrder } from '../src/process/expire-order.ts'
import { adjustStock, checkStock } from '../src/stock/index.ts'
import { type OrdersHarness, startOrders } from './harness.ts'
import { address } from './support/shopping.ts'

let shop: OrdersHarness
let books: string[]

beforeAll(async () => {
  shop = await startOrders()
  books = [0, 1, 2].map(() => shop.catalog.add().id)
  const headers = { 'if-match': '"0"' }
  // One is sold beyond what there is.
  const body = { policy: 'backorder' }
  await shop.send('PATCH', `/api/inventory/${books[2]}`, { as: 'staff', body, headers })
})

afterAll(() => shop.stop())

/** What may happen to stock; `order` counts back from the last one placed. */
const anything = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('buy' as const),
      lines: fc.uniqueArray(fc.record({ book: fc.nat(2), quantity: fc.integer({ min: 1, max: 6 }) }), {
        minLength: 1,
        selector: ({ book }) => book,
      }),
      token: fc.constantFrom('tok_approve', 'tok_decline'),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constantFrom('charge' as const, 'confirm' as const, 'cancel' as const, 'expire' as const),
      order: fc.nat(5),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('adjust' as const),
      book: fc.nat(2),
      delta: fc.integer({ min: -5, max: 8 }).filter((delta) => delta !== 0),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('allocate' as const), book: fc.nat(2) }) },
)
type Action = typeof anything extends fc.Arbitrary<infer A> ? A : never

const orders: string[] = []

async function act(action: Action): Promise<void> {
  const { deps } = shop.orders
  if (action.kind === 'buy') orders.push(await place(action.lines, action.token))
  else if (action.kind === 'adjust') {
    const input = { delta: action.delta, reason: 'stocktake' } as const
    await adjustStock(deps, { bookId: books[action.book] ?? '', input, actor: 'command' })
  } else if (action.kind === 'allocate') await allocateCopies(deps, books[action.book] ?? '')
  else {
    const orderId = orders.at(-1 - action.order)
    if (orderId === undefined) return
    if (action.kind === 'cancel') await cancelOrder(deps, { orderId, reason: 'why not', actor: 'guest' })
    else await { charge: chargeOrder, confirm: confirmOrder, expire: expireOrder }[action.kind](deps, orderId)
  }
}

function place(lines: { book: number; quantity: number }[], token: string): Promise<string> {
  const input = {
    lines: lines.map(({ book, quantity }) => ({ bookId: books[book] ?? '', quantity })),
    email: 'reader@example.com',
    shippingAddress: address,
    shippingMethod: 'standard',
    payment: { token },
  }
  return placeOrder(shop.orders.deps, { input, identity: null, idempotencyKey: randomUUID() })
}

/** An order that is cancelled once its copies are taken out of stock, which chance alone does not do every time. */
const cancelledLate: Action[][] = [
  [{ kind: 'adjust', book: 0, delta: 8 }],
  [{ kind: 'buy', lines: [{ book: 0, quantity: 2 }], token: 'tok_approve' }],
  [{ kind: 'charge', order: 0 }],
  [{ kind: 'confirm', order: 0 }],
  [{ kind: 'cancel', order: 0 }],
]

/** What may be answered; anything else is a mistake, as are a constraint of the tables and a deadlock. */
const refusals = ['out_of_stock', 'adjustment_refused', 'order_state']

it('whatever is done at once, and in whatever order, the ledger adds up to the stock', async () => {
  const seen = new Set<string>()
  const property = fc.asyncProperty(
    fc.array(fc.array(anything, { minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 6 }),
    async (rounds) => {
      for (const actions of rounds) {
        // Orders that nobody pays run out now and then.
        shop.clock.advance(5 * 60_000)
        const ended = await Promise.allSettled(actions.map(act))
        const errors = ended.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []))
        for (const error of errors) {
          if (!(error instanceof Problem) || !refusals.includes(error.code)) throw error
          seen.add(error.code)
        }
        const { counts } = await checkStock(shop.test.database)
        expect(counts).toEqual({ ledger: 0, held: 0, hold: 0 })
      }
    },
  )
  await fc.assert(property, { numRuns: 40, endOnFailure: true, examples: [[cancelledLate]] })
  expect([...seen].sort()).toEqual(refusals.toSorted())
  const reasons = await shop.test.database.query<{ reason: string }>(
    sql`select distinct reason from orders.stock_ledger order by reason`,
  )
  expect(reasons.map(({ reason }) => reason)).toEqual([
    'cancellation',
    'hold',
    'release',
    'sale',
    'stocktake',
  ])
}, 120_000)
