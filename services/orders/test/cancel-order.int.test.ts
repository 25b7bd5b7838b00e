import { sql } from '@colophon/postgres'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { chargeOrder } from '../src/process/charge-order.ts'
import { recordCharge } from '../src/process/settlement.ts'
import { type OrdersHarness, startOrders } from './harness.ts'
import { cancel, confirmed, handle, moneyOf, place, read, settled } from './support/handling.ts'
import { address, differences, stockOf } from './support/shopping.ts'

let shop: OrdersHarness

beforeAll(async () => {
  shop = await startOrders()
})

afterAll(async () => {
  expect(await differences(shop)).toEqual([])
  await shop.stop()
})

it('gives copies and all money back, the shipping too, and told again does nothing', async () => {
  const order = await confirmed(shop, [{ quantity: 2 }])
  expect(order).toMatchObject({ status: 'confirmed', shipping: { amount: 295 } })
  const answer = await cancel(shop, order.id, { body: { reason: 'bought twice' } })
  expect(answer.status).toBe(200)
  expect(answer.body).toMatchObject({ status: 'cancelled', lines: [{ allocated: 0, cancelled: 2 }] })
  expect(answer.body.history.at(-1)).toMatchObject({ status: 'cancelled', reason: 'bought twice' })
  expect((await cancel(shop, order.id)).body).toEqual(answer.body)

  await settled(shop)
  expect(moneyOf(shop, order.id)).toEqual({ taken: order.total.amount, given: order.total.amount })
  expect(await stockOf(shop, order.lines[0].bookId)).toEqual({ onHand: 2, held: 0 })
  const after = await cancel(shop, order.id)
  expect(after).toMatchObject({ status: 200, body: { status: 'refunded' } })
  expect(after.body.history.at(-1).reason).toBe('€28.93 given back')
  expect(after.body).toEqual(await read(shop, order.id))
})

it('frees the copies of an order whose payment was not asked for, and never asks', async () => {
  const { id, lines } = await place(shop, [{ quantity: 1 }])
  expect((await cancel(shop, id)).body).toMatchObject({ status: 'cancelled', payment: { status: 'void' } })
  expect(await stockOf(shop, lines[0].bookId)).toEqual({ onHand: 1, held: 0 })
  await settled(shop)
  expect(shop.payments.calls.filter(({ key }) => key === `charge-${id}`)).toEqual([])
})

it('is for the owner, whoever has the token of a guest, and staff', async () => {
  const order = await confirmed(shop, [{ quantity: 1 }])
  const url = `/api/orders/${order.id}/cancel`
  expect(await cancel(shop, order.id, { as: 'stranger' })).toMatchObject({
    status: 404,
    body: { code: 'order_not_found' },
  })
  expect((await shop.send('POST', url)).status).toBe(404)
  expect((await cancel(shop, order.id, { as: 'staff' })).body.history.at(-1)).toMatchObject({
    reason: 'cancelled by the shop',
  })

  const { id: bookId } = shop.catalog.add({ format: 'ebook' })
  const body = {
    lines: [{ bookId, quantity: 1 }],
    email: 'guest@example.com',
    shippingAddress: address,
    payment: { token: 'tok_approve' },
  }
  const placed = await shop.send('POST', '/api/orders', { body, headers: { 'idempotency-key': 'guest' } })
  const { id, orderToken } = placed.body
  const mine = (token: string) =>
    shop.send('POST', `/api/orders/${id}/cancel`, { body: {}, headers: { 'order-token': token } })
  expect((await mine(`${orderToken.slice(1)}A`)).status).toBe(404)
  expect(await mine(orderToken)).toMatchObject({ status: 200, body: { status: 'cancelled' } })
})

it('lets staff cancel what is left of an order that is partly shipped', async () => {
  const order = await confirmed(shop, [{ quantity: 3 }, { quantity: 2, stock: 1 }])
  await handle(shop, order.id, 'ship', { lines: [{ position: 1, quantity: 2 }] })
  expect(await cancel(shop, order.id)).toMatchObject({
    status: 409,
    body: { code: 'order_state', orderStatus: 'partly_shipped' },
  })
  const answer = await cancel(shop, order.id, { as: 'staff', body: { reason: 'out of print' } })
  expect(answer.body).toMatchObject({
    status: 'shipped',
    lines: [
      { allocated: 2, shipped: 2, cancelled: 1 },
      { allocated: 0, shipped: 0, cancelled: 2 },
    ],
  })
  expect(answer.body.history.at(-1).reason).toBe('3 copies cancelled: out of print')
  expect((await cancel(shop, order.id, { as: 'staff' })).body).toEqual(answer.body)
  expect((await cancel(shop, order.id)).status).toBe(409)

  await settled(shop)
  // The shipping stays, since a parcel was sent.
  expect(moneyOf(shop, order.id).given).toBe(3 * 1299)
  expect((await cancel(shop, order.id, { as: 'staff' })).status).toBe(200)
  expect(await stockOf(shop, order.lines[0].bookId)).toEqual({ onHand: 1, held: 0 })
  expect(await stockOf(shop, order.lines[1].bookId)).toEqual({ onHand: 1, held: 0 })
})

it('cancels the rest for the buyer where nothing but e-books was sent, and gives the shipping back', async () => {
  const order = await confirmed(shop, [{ quantity: 1, book: { format: 'ebook' } }, { quantity: 2 }])
  expect(order.status).toBe('partly_shipped')
  const answer = await cancel(shop, order.id)
  expect(answer).toMatchObject({
    status: 200,
    body: { status: 'shipped', lines: [{ shipped: 1 }, { cancelled: 2 }] },
  })
  expect(answer.body.history.at(-1).reason).toBe('2 copies cancelled: cancelled by the customer')
  await settled(shop)
  expect(moneyOf(shop, order.id).given).toBe(2 * 1299 + 295)
  const { version } = await read(shop, order.id)
  expect(await cancel(shop, order.id)).toMatchObject({ status: 200, body: { version } })
  await shop.settle()
  const told = shop.mailer.sent.filter(({ subject }) => subject.includes(`${order.number}: news`))
  expect(told.at(-1)?.text).toMatch(/cancelled/)
  expect(told.at(-1)?.text).not.toMatch(/on its way/)
})

it('leaves the rest to staff once a book was sent beside the e-book', async () => {
  const order = await confirmed(shop, [{ quantity: 1, book: { format: 'ebook' } }, { quantity: 2 }])
  await handle(shop, order.id, 'ship', { lines: [{ position: 2, quantity: 1 }] })
  expect(await cancel(shop, order.id)).toMatchObject({ status: 409, body: { code: 'order_state' } })
  expect((await cancel(shop, order.id, { as: 'staff' })).body.status).toBe('shipped')
  expect((await cancel(shop, order.id)).status).toBe(409)
})

it('ends an order of which everything that was shipped is back', async () => {
  const order = await confirmed(shop, [{ quantity: 2 }])
  const lines = [{ position: 1, quantity: 1 }]
  await handle(shop, order.id, 'ship', { lines })
  const back = await handle(shop, order.id, 'return', { lines: [{ ...lines[0], restock: true }] })
  expect(back.body.status).toBe('partly_shipped')
  expect((await cancel(shop, order.id, { as: 'staff' })).body.status).toBe('returned')
})

it('refuses what is over', async () => {
  const shipped = await confirmed(shop, [{ quantity: 1 }])
  await handle(shop, shipped.id, 'ship', {})
  const declined = await confirmed(shop, [{ quantity: 1 }], { more: { payment: { token: 'tok_decline' } } })
  const expired = await place(shop, [{ quantity: 1 }])
  shop.clock.advance(16 * 60_000)
  await shop.run('orders.expire', { order_id: expired.id })
  for (const [id, orderStatus] of [
    [shipped.id, 'shipped'],
    [declined.id, 'declined'],
    [expired.id, 'expired'],
  ]) {
    const answer = await cancel(shop, id, { as: 'staff' })
    expect(answer).toMatchObject({ status: 409, body: { code: 'order_state', orderStatus } })
    expect((await read(shop, id)).status).toBe(orderStatus)
  }
})

it('refuses a request that is not right', async () => {
  const { id } = await place(shop, [{ quantity: 1 }])
  for (const body of [{ reason: '' }, { reason: 'x'.repeat(501) }, { why: 'x' }, [], 7]) {
    expect((await cancel(shop, id, { body })).status).toBe(400)
  }
  expect((await shop.send('POST', '/api/orders/7/cancel', { as: 'staff' })).status).toBe(400)
  const missing = await cancel(shop, '0198c0de-0000-7000-8000-000000000000', { as: 'staff' })
  expect(missing.body.code).toBe('order_not_found')
  expect((await read(shop, id)).version).toBe(1)
})

it('ends as refunded what was all given back before', async () => {
  const order = await confirmed(shop, [{ quantity: 1 }])
  await handle(shop, order.id, 'refund', { amount: order.total, reason: 'sorry' })
  await settled(shop)
  expect((await read(shop, order.id)).status).toBe('confirmed')
  expect((await cancel(shop, order.id)).body.status).toBe('refunded')
  await settled(shop)
  expect(moneyOf(shop, order.id).given).toBe(order.total.amount)
})

it('has one winner of a cancellation and a parcel at once', async () => {
  for (let round = 0; round < 5; round++) {
    const order = await confirmed(shop, [{ quantity: 2 }])
    const answers = await Promise.all([
      cancel(shop, order.id),
      handle(shop, order.id, 'ship', {}),
      cancel(shop, order.id, { as: 'staff' }),
    ])
    await settled(shop)
    const after = await read(shop, order.id)
    const [line] = after.lines
    expect(line.shipped + line.cancelled).toBe(2)
    expect(moneyOf(shop, order.id).given).toBe(line.shipped === 2 ? 0 : order.total.amount)
    expect(answers.map(({ status }) => status)).toEqual(
      line.shipped === 2 ? [409, 200, 409] : [200, 409, 200],
    )
  }
})

it('takes an answer about a payment once, however many bring it at once', async () => {
  const { id } = await place(shop, [{ quantity: 1 }])
  const { database } = shop.test
  const charge = { status: 'charged', chargeId: 'charge x', reason: '' } as const
  await Promise.all(Array.from({ length: 8 }, () => recordCharge(shop.orders.deps, id, charge)))
  const refunds = await database.query(sql`select id from orders.refunds where order_id = ${id}`)
  expect(refunds).toEqual([])
  const { history } = await read(shop, id)
  expect(history.map(({ status }: { status: string }) => status)).toEqual(['placed', 'paid'])
})

it('gives nothing back of an order that cost nothing, whenever it was paid', async () => {
  const free = { amount: 0, currency: 'EUR', includesTax: true }
  const { id } = await place(shop, [{ quantity: 1, book: { format: 'ebook', price: free } }])
  // Whoever was to pay it dies before that is written down.
  const { database } = shop.test
  let isDead = false
  const transaction: typeof database.transaction = (work, options) => {
    if (isDead) throw new Error('killed')
    isDead = true
    return database.transaction(work, options)
  }
  const dying = { ...shop.orders.deps, database: { ...database, transaction } }
  await expect(chargeOrder(dying, id)).rejects.toThrow('killed')
  await cancel(shop, id)
  await recordCharge(shop.orders.deps, id, { status: 'charged', chargeId: '', reason: '' })
  await settled(shop)
  expect(shop.payments.calls.filter(({ key }) => key === `charge-${id}`)).toEqual([])
  expect(await read(shop, id)).toMatchObject({
    status: 'cancelled',
    payment: { status: 'void', refunded: { amount: 0 } },
  })
})
