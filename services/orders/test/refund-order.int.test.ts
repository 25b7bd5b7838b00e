import { sql } from '@colophon/postgres'
import { createLogger } from '@colophon/runtime'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PaymentError } from '../src/payments/port.ts'
import { refundMoney } from '../src/process/refund-money.ts'
import { countRefusedRefunds, listRefusedRefunds } from '../src/process/refused-refunds.ts'
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

describe('a refund that the provider refuses for good', () => {
  /** Does what is sent while the provider gives nothing back of what `isRefused` names. */
  async function settledRefusing(isRefused: (amount: number) => boolean): Promise<void> {
    shop.payments.before = (call) => {
      if (call.method === 'refund' && isRefused(call.request.amount))
        throw new PaymentError('refused', 'the charge is disputed')
    }
    await settled(shop)
    shop.payments.before = () => {}
  }

  it('is over, keeps no other waiting, and may be asked for again', async () => {
    const order = await confirmed(shop, [{ quantity: 1 }])
    const total = order.total.amount
    await handle(shop, order.id, 'refund', { amount: euros(total - 100), reason: 'a torn cover' })
    await handle(shop, order.id, 'refund', { amount: euros(100), reason: 'and late' })
    await settledRefusing((amount) => amount !== 100)
    const after = await read(shop, order.id)
    expect(after.payment.refunded).toEqual(euros(100))
    expect(after.refunds).toMatchObject([
      { amount: euros(total - 100), status: 'refused', refusal: 'the charge is disputed', doneAt: null },
      { amount: euros(100), status: 'done', refusal: null, reason: 'and late', doneAt: expect.any(String) },
    ])
    expect(after.history.map(({ reason }: { reason: string }) => reason)).toContain(
      '€14.94 could not be given back: the payment provider refuses it',
    )
    expect(await due(order.id)).toBeNull()
    await handle(shop, order.id, 'refund', { amount: euros(total - 100), reason: 'once more' })
    await settled(shop)
    expect(moneyOf(shop, order.id)).toEqual({ taken: total, given: total })
    const notes = await shop.send('GET', `/api/orders/${order.id}/invoices`, { as: 'staff' })
    expect(notes.body.items).toHaveLength(3)
  })

  it('leaves what is owed to be seen where the order was cancelled, until it is given back', async () => {
    const order = await confirmed(shop, [{ quantity: 1 }])
    await cancel(shop, order.id)
    await settledRefusing(() => true)
    expect(await read(shop, order.id)).toMatchObject({
      status: 'cancelled',
      payment: { status: 'charged', refunded: euros(0) },
      refunds: [{ amount: order.total, status: 'refused' }],
    })
    expect(await due(order.id)).toBeNull()
    await handle(shop, order.id, 'refund', { amount: order.total, reason: 'once more' })
    await settled(shop)
    expect(await read(shop, order.id)).toMatchObject({
      status: 'refunded',
      refunds: [{ status: 'refused' }, { status: 'done' }],
    })
  })

  it('is owed until it is asked for again, and again where that is refused too', async () => {
    const order = await confirmed(shop, [{ quantity: 1 }])
    const ask = async (amount: number) => {
      shop.clock.advance(1_000)
      const answer = await handle(shop, order.id, 'refund', { amount: euros(amount), reason: 'sorry' })
      expect(answer.status).toBe(200)
    }
    const refusing = () => {
      shop.clock.advance(1_000)
      return settledRefusing(() => true)
    }
    const others = await countRefusedRefunds(shop.orders.deps)
    await ask(300)
    await ask(100)
    await refusing()
    expect(await owedOf(order.number)).toEqual([
      { number: order.number, amount: 400, currency: 'EUR', refusal: 'the charge is disputed' },
    ])
    await ask(300)
    expect(await owedOf(order.number)).toMatchObject([{ amount: 100 }])
    await refusing()
    expect(await owedOf(order.number)).toMatchObject([{ amount: 400 }])
    await ask(100)
    await settled(shop)
    expect(await owedOf(order.number)).toMatchObject([{ amount: 300 }])
    expect(await countRefusedRefunds(shop.orders.deps)).toBe(others + 1)
    await ask(350)
    await settled(shop)
    expect(await owedOf(order.number)).toEqual([])
    expect(await countRefusedRefunds(shop.orders.deps)).toBe(others)
    await ask(200)
    await refusing()
    expect(await owedOf(order.number)).toMatchObject([{ amount: 200 }])
  })

  it('is written down as given back by another way, and then owed no more', async () => {
    const order = await confirmed(shop, [{ quantity: 1 }])
    await cancel(shop, order.id)
    await settledRefusing(() => true)
    expect(await owedOf(order.number)).toMatchObject([{ amount: order.total.amount }])
    shop.clock.advance(1_000)
    const body = { amount: order.total, reason: 'by bank transfer', elsewhere: true }
    for (const _ of [1, 2]) {
      expect(await handle(shop, order.id, 'refund', body, { key: `paid-${order.id}` })).toMatchObject({
        status: 200,
        body: { status: 'refunded', payment: { refunded: order.total } },
      })
    }
    await settled(shop)
    expect(moneyOf(shop, order.id).given).toBe(0)
    expect(await owedOf(order.number)).toEqual([])
    const after = await read(shop, order.id)
    expect(after.refunds).toMatchObject([
      { status: 'refused' },
      { status: 'done', doneAt: expect.any(String) },
    ])
    expect(after.history.at(-1).reason).toBe('€15.94 given back by another way: by bank transfer')
    const { body: notes } = await shop.send('GET', `/api/orders/${order.id}/invoices`, { as: 'staff' })
    expect(notes.items).toHaveLength(2)
    const more = await handle(shop, order.id, 'refund', { ...body, amount: euros(1) })
    expect(more.body.code).toBe('refund_too_large')
  })

  it('keeps what the provider said from the buyer', async () => {
    const order = await confirmed(shop, [{ quantity: 1 }])
    await handle(shop, order.id, 'refund', { amount: euros(100), reason: 'sorry' })
    await settledRefusing(() => true)
    const seenBy = async (as: 'staff' | 'customer') => {
      const [one, all] = await Promise.all(
        [`/api/orders/${order.id}`, '/api/orders?limit=1'].map((url) => shop.send('GET', url, { as })),
      )
      return [one?.body, all?.body.items[0]]
    }
    const said = { status: 'refused', refusal: 'the charge is disputed' }
    for (const seen of await seenBy('staff')) expect(seen).toMatchObject({ id: order.id, refunds: [said] })
    const answer = await cancel(shop, order.id)
    for (const seen of [...(await seenBy('customer')), answer.body]) {
      expect(seen.id).toBe(order.id)
      expect(seen.refunds[0]).toMatchObject({ status: 'refused', refusal: null })
    }
  })

  it('is told once, as an error', async () => {
    const order = await confirmed(shop, [{ quantity: 1 }])
    await handle(shop, order.id, 'refund', { amount: euros(100), reason: 'sorry' })
    const lines: string[] = []
    const destination = { write: (line: string) => void lines.push(line) }
    const logger = createLogger({ level: 'info', readable: false, destination })
    shop.payments.refusal = 'the charge is too old'
    await Promise.all([1, 2].map(() => refundMoney({ ...shop.orders.deps, logger }, order.id)))
    shop.payments.refusal = null
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { level: 'error', orderId: order.id, reason: 'the charge is too old' },
    ])
  })

  it('is another thing than a key that it does not know: then nothing is over', async () => {
    const order = await confirmed(shop, [{ quantity: 1 }])
    await handle(shop, order.id, 'refund', { amount: euros(100), reason: 'sorry' })
    shop.payments.before = () => {
      throw new PaymentError('denied', 'the payment provider refuses POST /v1/refunds: 401')
    }
    await expect(refundMoney(shop.orders.deps, order.id)).rejects.toMatchObject({ code: 'denied' })
    shop.payments.before = () => {}
    expect((await read(shop, order.id)).refunds).toMatchObject([{ status: 'pending' }])
    expect(await due(order.id)).not.toBeNull()
    await settled(shop)
    expect(moneyOf(shop, order.id).given).toBe(100)
  })

  async function owedOf(number: number) {
    const owed = await listRefusedRefunds(shop.orders.deps, 1_000)
    return owed.filter((one) => one.number === number)
  }

  async function due(id: string): Promise<string | null> {
    const { dueAt } = await shop.test.database.one<{ dueAt: string | null }>(
      sql`select due_at as "dueAt" from orders.orders where id = ${id}`,
    )
    return dueAt
  }
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
