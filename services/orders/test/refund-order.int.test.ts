import { sql } from '@colophon/postgres'
import { createLogger } from '@colophon/runtime'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { PaymentError } from '../src/payments/port.ts'
import { refundMoney } from '../src/process/refund-money.ts'
import { type OrdersHarness, startOrders } from './harness.ts'
import { cancel, confirmed, handle, moneyOf, place, read, settled } from './support/handling.ts'

let shop: OrdersHarness

beforeAll(async () => {
  shop = await startOrders()
})

afterAll(() => shop.stop())

const euros = (amount: number) => ({ amount, currency: 'EUR' })

it('gives money back in parts, and never more than was paid', async () => {
  const order = await confirmed(shop, [{ quantity: 1 }])
  const total = order.total.amount
  const first = await handle(shop, order.id, 'refund', { amount: euros(500), reason: 'a scratched cover' })
  expect(first).toMatchObject({ status: 200, body: { status: 'confirmed', payment: { refunded: euros(0) } } })
  expect(first.body.history.at(-1).reason).toBe('€5.00 to be given back: a scratched cover')
  // What is about to be given back counts.
  const tooMuch = await handle(shop, order.id, 'refund', { amount: euros(total - 499), reason: 'x' })
  expect(tooMuch).toMatchObject({ status: 409, body: { code: 'refund_too_large', left: euros(total - 500) } })
  expect(tooMuch.body.detail).toContain('€10.94')
  await settled(shop)
  const after = await read(shop, order.id)
  expect(after.payment.refunded).toEqual(euros(500))
  expect(after.history.at(-1).reason).toBe('€5.00 given back')
  await handle(shop, order.id, 'refund', { amount: euros(total - 500), reason: 'the rest' })
  await settled(shop)
  expect(moneyOf(shop, order.id)).toEqual({ taken: total, given: total })
  expect(await read(shop, order.id)).toMatchObject({
    status: 'confirmed',
    payment: { refunded: order.total },
  })
  const none = await handle(shop, order.id, 'refund', { amount: euros(1), reason: 'more' })
  expect(none.body).toMatchObject({ code: 'refund_too_large', left: euros(0) })
})

it('gives back once per key', async () => {
  const order = await confirmed(shop, [{ quantity: 1 }])
  const body = { amount: euros(300), reason: 'sorry' }
  const answers = await Promise.all(
    Array.from({ length: 5 }, () => handle(shop, order.id, 'refund', body, { key: 'once' })),
  )
  for (const { status, body: answer } of answers) {
    if (status !== 200) expect(answer.code).toBe('idempotency_key_in_flight')
  }
  expect((await handle(shop, order.id, 'refund', body, { key: 'once' })).status).toBe(200)
  const other = { ...body, amount: euros(301) }
  expect((await handle(shop, order.id, 'refund', other, { key: 'once' })).status).toBe(422)
  await settled(shop)
  expect(moneyOf(shop, order.id).given).toBe(300)
})

it('holds when many do it at once', async () => {
  const order = await confirmed(shop, [{ quantity: 1 }])
  const answers = await Promise.all([
    ...Array.from({ length: 8 }, () => handle(shop, order.id, 'refund', { amount: euros(400), reason: 'x' })),
    cancel(shop, order.id),
  ])
  expect(answers.at(-1)?.status).toBe(200)
  expect(answers.filter(({ status }) => ![200, 409].includes(status))).toEqual([])
  await settled(shop)
  expect(moneyOf(shop, order.id)).toEqual({ taken: order.total.amount, given: order.total.amount })
  expect((await read(shop, order.id)).status).toBe('refunded')
})

it('goes on where an answer of the provider was lost', async () => {
  const order = await confirmed(shop, [{ quantity: 1 }])
  await handle(shop, order.id, 'refund', { amount: euros(300), reason: 'sorry' })
  let isLost = false
  shop.payments.after = ({ method }) => {
    if (method !== 'refund' || isLost) return
    isLost = true
    throw new Error('the answer was lost')
  }
  await settled(shop)
  shop.payments.after = () => {}
  expect(isLost).toBe(true)
  expect(moneyOf(shop, order.id).given).toBe(300)
  expect((await read(shop, order.id)).payment.refunded).toEqual(euros(300))
})

it('tells of a mistake before what the provider did not answer, and leaves neither out', async () => {
  const order = await confirmed(shop, [{ quantity: 1 }])
  for (const amount of [100, 200, 300])
    await handle(shop, order.id, 'refund', { amount: euros(amount), reason: 'sorry' })
  const { refunds } = await read(shop, order.id)
  const lines: string[] = []
  const destination = { write: (line: string) => void lines.push(line) }
  const logger = createLogger({ level: 'info', readable: false, destination })
  shop.payments.before = (call) => {
    if (call.method === 'refund' && call.request.amount === 200) throw new TypeError('a mistake of ours')
    throw new PaymentError('unknown', 'no answer in time')
  }
  await expect(refundMoney({ ...shop.orders.deps, logger }, order.id)).rejects.toThrow('a mistake of ours')
  shop.payments.before = () => {}
  const refundIds = [refunds[0].id, refunds[2].id]
  expect(lines.map((line) => JSON.parse(line))).toMatchObject(
    refundIds.map((refundId) => ({ orderId: order.id, refundId, err: { message: 'no answer in time' } })),
  )
  await settled(shop)
  expect(moneyOf(shop, order.id).given).toBe(600)
})

it('refuses another currency, and what is no amount', async () => {
  const order = await confirmed(shop, [{ quantity: 1 }])
  const other = await handle(shop, order.id, 'refund', {
    amount: { amount: 1, currency: 'USD' },
    reason: 'x',
  })
  expect(other).toMatchObject({ status: 400, body: { code: 'currency_other' } })
  expect(other.body.errors).toMatchObject([{ path: '/amount/currency' }])
  for (const amount of [0, -1, 0.5, 1e16, '1', null]) {
    const answer = await handle(shop, order.id, 'refund', {
      amount: { amount, currency: 'EUR' },
      reason: 'x',
    })
    expect(answer.body.code).toBe('validation_failed')
  }
  const huge = await handle(shop, order.id, 'refund', { amount: euros(1e12), reason: 'x' })
  expect(huge.body.code).toBe('refund_too_large')
  for (const body of [{ amount: euros(1) }, { reason: 'x' }, { amount: euros(1), reason: ' ' }]) {
    expect((await handle(shop, order.id, 'refund', body)).status).toBe(400)
  }
  const refunds = await shop.test.database.query(sql`
    select id from orders.refunds where order_id = ${order.id}`)
  expect(refunds).toEqual([])
})

it('refuses an order of which nothing was paid, and who is not staff', async () => {
  const { id } = await place(shop, [{ quantity: 1 }])
  const body = { amount: euros(1), reason: 'x' }
  expect((await handle(shop, id, 'refund', body)).body).toMatchObject({
    code: 'order_state',
    orderStatus: 'placed',
  })
  expect((await handle(shop, id, 'refund', body, { as: 'customer' })).status).toBe(403)
  await cancel(shop, id)
  expect((await handle(shop, id, 'refund', body)).body.orderStatus).toBe('cancelled')
  const missing = await handle(shop, '0198c0de-0000-7000-8000-000000000000', 'refund', body)
  expect(missing.body.code).toBe('order_not_found')
})
