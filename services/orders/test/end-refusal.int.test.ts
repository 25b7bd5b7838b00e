// Refunds that the payment provider refuses for good, and how staff end that.
import { sql } from '@colophon/postgres'
import { createLogger } from '@colophon/runtime'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PaymentError } from '../src/payments/port.ts'
import { refundMoney } from '../src/process/refund-money.ts'
import { countRefusedRefunds, listRefusedRefunds } from '../src/process/refused-refunds.ts'
import { type OrdersHarness, startOrders, type Who } from './harness.ts'
import { unknown } from './support/fake-payments.ts'
import { cancel, confirmed, handle, moneyOf, read, settled } from './support/handling.ts'

let shop: OrdersHarness

beforeAll(async () => {
  shop = await startOrders()
})

afterAll(() => shop.stop())

const euros = (amount: number) => ({ amount, currency: 'EUR' })

/** Does what is sent while the provider gives nothing back of what `isRefused` names. */
async function settledRefusing(isRefused: (amount: number) => boolean): Promise<void> {
  shop.payments.before = (call) => {
    if (call.method === 'refund' && isRefused(call.request.amount))
      throw new PaymentError('refused', 'the charge is disputed')
  }
  await settled(shop)
  shop.payments.before = () => {}
}

/** How staff end that a refund is refused. */
function end(
  order: { id: string },
  refundId: string,
  action: 'again' | 'elsewhere' | 'withdraw',
  { key, as }: { key?: string; as?: Who } = {},
) {
  const body = { action, reason: 'by bank transfer' }
  return handle(shop, order.id, `refunds/${refundId}`, body, { ...(key && { key }), ...(as && { as }) })
}

/** An order with a refund of this amount that was refused. */
async function refused(amount: number) {
  const order = await confirmed(shop, [{ quantity: 1 }])
  await handle(shop, order.id, 'refund', { amount: euros(amount), reason: 'a torn cover' })
  await settledRefusing(() => true)
  return read(shop, order.id)
}

const refundsOf = async (id: string) => (await read(shop, id)).refunds
const keysOf = (id: string) => shop.payments.calls.map(({ key }) => key).filter((key) => key.includes(id))

async function creditNotesOf(id: string) {
  const { body } = await shop.send('GET', `/api/orders/${id}/invoices`, { as: 'staff' })
  const notes = body.items.filter(({ kind }: { kind: string }) => kind === 'credit_note')
  return Promise.all(
    notes.map(async ({ href }: { href: string }) => (await shop.send('GET', href, { as: 'staff' })).body),
  )
}

it('is over, and keeps no other waiting', async () => {
  const order = await confirmed(shop, [{ quantity: 1 }])
  const total = order.total.amount
  await handle(shop, order.id, 'refund', { amount: euros(total - 100), reason: 'a torn cover' })
  await handle(shop, order.id, 'refund', { amount: euros(100), reason: 'and late' })
  await settledRefusing((amount) => amount !== 100)
  const after = await read(shop, order.id)
  expect(after.payment.refunded).toEqual(euros(100))
  expect(after.refunds).toMatchObject([
    { amount: euros(total - 100), status: 'refused', refusal: 'the charge is disputed', doneAt: null },
    { amount: euros(100), status: 'done', refusal: null, reason: 'and late', elsewhere: false },
  ])
  expect(after.history.map(({ reason }: { reason: string }) => reason)).toContain(
    '€14.94 could not be given back: the payment provider refuses it',
  )
  expect(await due(order.id)).toBeNull()
  expect(await creditNotesOf(order.id)).toHaveLength(1)
})

it('is owed until it is ended, whatever else is given back of its order', async () => {
  const { id, number } = await confirmed(shop, [{ quantity: 2 }])
  await handle(shop, id, 'ship', { lines: [{ position: 1, quantity: 1 }] })
  await cancel(shop, id, { as: 'staff' })
  await settledRefusing(() => true)
  const [{ id: refundId, amount }] = await refundsOf(id)
  const owed = [{ id: refundId, number, ...amount, refusal: 'the charge is disputed' }]
  expect(await owedOf(number)).toEqual(owed)
  const others = await countRefusedRefunds(shop.orders.deps)
  await handle(shop, id, 'return', { lines: [{ position: 1, quantity: 1, restock: true }] })
  await settled(shop)
  expect(await owedOf(number)).toEqual(owed)
  expect((await end({ id }, refundId, 'again')).status).toBe(200)
  expect(await owedOf(number)).toEqual([])
  expect(await countRefusedRefunds(shop.orders.deps)).toBe(others - 1)
  await settled(shop)
  expect(await refundsOf(id)).toMatchObject([{ status: 'done' }, { status: 'done' }])
  expect(moneyOf(shop, id).given).toBe(2 * amount.amount)
  // For the copies, and not for a share of everything.
  const notes = await creditNotesOf(id)
  expect(notes).toHaveLength(2)
  for (const { lines } of notes) expect(lines).toMatchObject([{ position: 1, quantity: 1 }])
})

it('is asked for again under a key of its own, as often as it is refused', async () => {
  const { id, total, refunds } = await refused(1594)
  const refundId = refunds[0].id
  const key = `again-${refundId}`
  const first = await end({ id }, refundId, 'again', { key })
  expect(first.body.refunds).toMatchObject([{ status: 'pending', refusal: null, reason: 'a torn cover' }])
  expect(first.body.history.at(-1).reason).toBe('€15.94 to be given back once more: by bank transfer')
  expect((await end({ id }, refundId, 'again')).body).toMatchObject({
    status: 409,
    code: 'refund_state',
    refundStatus: 'pending',
  })
  await settledRefusing(() => true)
  // Sent again with the same key, it is what was done already.
  expect((await end({ id }, refundId, 'again', { key })).body.refunds).toMatchObject([{ status: 'refused' }])
  expect((await end({ id }, refundId, 'withdraw', { key })).status).toBe(422)
  expect((await end({ id }, refundId, 'again')).status).toBe(200)
  await settled(shop)
  expect(keysOf(refundId)).toEqual(['', '-2', '-3'].map((attempt) => `refund-${refundId}${attempt}`))
  expect(moneyOf(shop, id)).toEqual({ taken: total.amount, given: total.amount })
  expect((await end({ id }, refundId, 'elsewhere')).body.code).toBe('refund_state')
})

it('is given back by another way, and then owed no more', async () => {
  const order = await confirmed(shop, [{ quantity: 1 }])
  await cancel(shop, order.id)
  await settledRefusing(() => true)
  expect(await due(order.id)).toBeNull()
  const [{ id: refundId }] = await refundsOf(order.id)
  for (const _ of [1, 2]) {
    expect(await end(order, refundId, 'elsewhere', { key: `paid-${order.id}` })).toMatchObject({
      status: 200,
      body: { status: 'refunded', payment: { refunded: order.total } },
    })
  }
  await settled(shop)
  expect(moneyOf(shop, order.id).given).toBe(0)
  expect(await owedOf(order.number)).toEqual([])
  const after = await read(shop, order.id)
  expect(after.refunds).toMatchObject([{ status: 'done', elsewhere: true, doneAt: expect.any(String) }])
  expect(after.history.at(-1).reason).toBe('€15.94 given back by another way: by bank transfer')
  expect(await creditNotesOf(order.id)).toHaveLength(1)
})

it('is withdrawn, and then counts nowhere', async () => {
  const { id, number, total, refunds } = await refused(300)
  const mails = shop.mailer.sent.length
  const answer = await end({ id }, refunds[0].id, 'withdraw')
  expect(answer.body).toMatchObject({ refunds: [{ status: 'withdrawn', refusal: null, doneAt: null }] })
  expect(answer.body.history.at(-1).reason).toBe('€3.00 no longer to be given back: by bank transfer')
  await settled(shop)
  expect(shop.mailer.sent).toHaveLength(mails)
  expect(await owedOf(number)).toEqual([])
  expect(await creditNotesOf(id)).toEqual([])
  expect((await handle(shop, id, 'refund', { amount: total, reason: 'all' })).status).toBe(200)
  await settled(shop)
  expect(moneyOf(shop, id).given).toBe(total.amount)
})

it('is given back no more than was paid', async () => {
  const { id, refunds } = await refused(1000)
  await handle(shop, id, 'refund', { amount: euros(200), reason: 'sorry' })
  await settled(shop)
  await handle(shop, id, 'refund', { amount: euros(1299), reason: 'another one in its place' })
  for (const action of ['again', 'elsewhere'] as const) {
    const { body } = await end({ id }, refunds[0].id, action)
    expect(body).toMatchObject({ code: 'refund_too_large', left: euros(95) })
    expect(body.detail).toBe(
      '€0.95 can still be given back, €12.99 is being given back, €2.00 was given back',
    )
  }
  const more = await handle(shop, id, 'refund', { amount: euros(100), reason: 'more' })
  expect(more.body.detail).toContain('€12.99 is being given back')
  expect((await end({ id }, refunds[0].id, 'withdraw')).status).toBe(200)
  await settled(shop)
})

it('is ended by staff, and as one of its order', async () => {
  const [order, other] = [await refused(300), await refused(300)]
  const refundId = order.refunds[0].id
  for (const [of, id] of [
    [other, refundId],
    [order, order.id],
  ])
    expect((await end(of, id, 'again')).body).toMatchObject({ status: 404, code: 'refund_not_found' })
  expect((await end(order, refundId, 'again', { as: 'customer' })).status).toBe(403)
  const url = `refunds/${refundId}` as const
  for (const body of [
    { action: 'forget', reason: 'x' },
    { action: 'again' },
    { action: 'again', reason: ' ' },
  ])
    expect((await handle(shop, order.id, url, body)).body.code).toBe('validation_failed')
  expect(await refundsOf(order.id)).toMatchObject([{ status: 'refused' }])
})

describe('that was under way when it was ended', () => {
  /** Asks for a refund of which another call gives the answer: what is done meanwhile is between both. */
  async function answeredLate(
    amount: number,
    meanwhile: (order: { id: string }, refundId: string) => Promise<void>,
  ) {
    const order = await confirmed(shop, [{ quantity: 1 }])
    await handle(shop, order.id, 'refund', { amount: euros(amount), reason: 'a torn cover' })
    const [{ id: refundId }] = await refundsOf(order.id)
    const lines: string[] = []
    const destination = { write: (line: string) => void lines.push(line) }
    const logger = createLogger({ level: 'error', readable: false, destination })
    let isFirst = true
    shop.payments.after = async () => {
      if (!isFirst) return
      isFirst = false
      shop.payments.before = () => {
        throw new PaymentError('refused', 'it is over')
      }
      await refundMoney(shop.orders.deps, order.id)
      shop.payments.before = () => {}
      await meanwhile(order, refundId)
    }
    await refundMoney({ ...shop.orders.deps, logger }, order.id)
    shop.payments.after = () => {}
    await settled(shop)
    return { order: await read(shop, order.id), errors: lines.map((line) => JSON.parse(line)), refundId }
  }

  const twice = (refundId: string, before: string) => [
    { refundId, before, msg: 'a refund was given back twice' },
  ]

  it.each([
    [null, [], '€3.00 given back'],
    [
      'withdraw',
      [{ before: 'withdrawn', msg: 'a refund that was withdrawn was given back' }],
      '€3.00 given back, though it was withdrawn',
    ],
  ] as const)('is done where that is no more than was paid (%s)', async (action, told, reason) => {
    const { order, errors, refundId } = await answeredLate(300, async ({ id }, refundId) => {
      if (action !== null) expect((await end({ id }, refundId, action)).status).toBe(200)
    })
    expect(errors).toMatchObject(told.map((alarm) => ({ level: 'error', refundId, ...alarm })))
    expect(order.history.at(-1).reason).toBe(reason)
    expect(order).toMatchObject({ payment: { refunded: euros(300) }, refunds: [{ status: 'done' }] })
    expect(await owedOf(order.number)).toEqual([])
  })

  it('is told where the buyer has it by another way too', async () => {
    const { order, errors, refundId } = await answeredLate(300, async (order, id) => {
      expect((await end(order, id, 'elsewhere')).status).toBe(200)
    })
    expect(errors).toMatchObject(twice(refundId, 'done'))
    expect(order).toMatchObject({
      payment: { refunded: euros(300) },
      refunds: [{ status: 'done', elsewhere: true }],
    })
    expect(order.history.at(-1).reason).toBe('€3.00 given back twice')
  })

  it('is told where it was asked for again, since nobody hears any more what became of that', async () => {
    const { order, errors, refundId } = await answeredLate(300, async (order, id) => {
      expect((await end(order, id, 'again')).status).toBe(200)
      shop.payments.after = () => {
        throw unknown()
      }
      await expect(refundMoney(shop.orders.deps, order.id)).rejects.toMatchObject({ code: 'unknown' })
    })
    expect(moneyOf(shop, order.id).given).toBe(600)
    const msg = 'a refund that was asked for again was given back'
    expect(errors).toMatchObject([{ refundId, before: 'pending', msg }])
    expect(order).toMatchObject({ payment: { refunded: euros(300) }, refunds: [{ status: 'done' }] })
    expect(order.history.at(-1).reason).toBe('€3.00 given back, on a request before the last')
  })

  it('is told where the provider has done what it was asked again too', async () => {
    const { order, errors, refundId } = await answeredLate(300, async (order, id) => {
      expect((await end(order, id, 'again')).status).toBe(200)
      await refundMoney(shop.orders.deps, order.id)
    })
    expect(moneyOf(shop, order.id).given).toBe(600)
    expect(errors).toMatchObject(twice(refundId, 'done'))
    expect(order).toMatchObject({ payment: { refunded: euros(300) }, refunds: [{ status: 'done' }] })
  })

  it.each([
    ['withdraw', 'withdrawn', '€15.94 given back, though it was withdrawn, which is more than was paid'],
    [null, 'refused', '€15.94 given back, which is more than was paid'],
  ] as const)('is told where it is more than was paid (%s)', async (action, before, reason) => {
    const { order, errors, refundId } = await answeredLate(1594, async (order, id) => {
      if (action !== null) expect((await end(order, id, action)).status).toBe(200)
      const body = { amount: euros(100), reason: 'paid in cash' }
      expect((await handle(shop, order.id, 'refund', body)).status).toBe(200)
      await settledRefusing(() => true)
      const other = (await refundsOf(order.id))[1]
      expect((await end(order, other.id, 'elsewhere')).status).toBe(200)
    })
    expect(errors).toMatchObject(twice(refundId, before))
    expect(order.history.at(-1).reason).toBe(reason)
    expect(order).toMatchObject({
      payment: { refunded: euros(100) },
      refunds: [{ status: 'withdrawn' }, { status: 'done' }],
    })
    expect(await owedOf(order.number)).toEqual([])
  })

  it('keeps a refusal that comes late from what is asked again', async () => {
    const order = await refused(300)
    const refundId = order.refunds[0].id
    expect((await end(order, refundId, 'again')).status).toBe(200)
    shop.payments.before = async () => {
      shop.payments.before = () => {
        throw new PaymentError('refused', 'it is over')
      }
      await refundMoney(shop.orders.deps, order.id)
      shop.payments.before = () => {}
      expect((await end(order, refundId, 'again')).status).toBe(200)
      throw new PaymentError('refused', 'it is over')
    }
    await refundMoney(shop.orders.deps, order.id)
    expect(await refundsOf(order.id)).toMatchObject([{ status: 'pending' }])
    await settled(shop)
    expect(await refundsOf(order.id)).toMatchObject([{ status: 'done' }])
  })
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
