import { afterAll, beforeAll, expect, it } from 'vitest'
import { type OrdersHarness, startOrders } from './harness.ts'
import { backorder, cancel, confirmed, handle, moneyOf, read, settled } from './support/handling.ts'
import { buy, differences, stockOf } from './support/shopping.ts'

let shop: OrdersHarness

beforeAll(async () => {
  shop = await startOrders()
})

afterAll(async () => {
  expect(await differences(shop)).toEqual([])
  await shop.stop()
})

async function shipped(...wanted: Parameters<typeof confirmed>[1]) {
  const order = await confirmed(shop, wanted)
  await handle(shop, order.id, 'ship', {})
  return order
}

it('puts copies back and gives their share back, to the unit', async () => {
  // 999 for three: 333 each, with the tax of the line in unequal parts.
  const price = { amount: 333, currency: 'EUR', includesTax: false }
  const order = await shipped({ quantity: 3, book: { price } })
  const { bookId, total } = order.lines[0]
  expect(total.amount).toBe(1069)
  const part = (restock: boolean) => ({ lines: [{ position: 1, quantity: 1, restock }] })
  const first = await handle(shop, order.id, 'return', part(true))
  expect(first).toMatchObject({ status: 200, body: { status: 'shipped', lines: [{ returned: 1 }] } })
  expect(first.body.history.at(-1).reason).toBe('1 copy came back, €3.56 to be given back')
  await settled(shop)
  expect(moneyOf(shop, order.id).given).toBe(356)
  await handle(shop, order.id, 'return', part(false))
  const last = await handle(shop, order.id, 'return', part(true))
  expect(last.body).toMatchObject({ status: 'returned', lines: [{ shipped: 3, returned: 3 }] })
  await settled(shop)
  expect(moneyOf(shop, order.id).given).toBe(1069)
  expect(await stockOf(shop, bookId)).toEqual({ onHand: 2, held: 0 })
  const over = await handle(shop, order.id, 'return', part(true))
  expect(over).toMatchObject({ status: 409, body: { code: 'order_state', orderStatus: 'returned' } })
})

it('takes copies back without money', async () => {
  const order = await shipped({ quantity: 1 })
  const answer = await handle(shop, order.id, 'return', {
    lines: [{ position: 1, quantity: 1, restock: false }],
    refund: false,
  })
  expect(answer.body).toMatchObject({ status: 'returned' })
  expect(answer.body.history.at(-1).reason).toBe('1 copy came back')
  await settled(shop)
  expect(moneyOf(shop, order.id).given).toBe(0)
  // The money can still be given back.
  await handle(shop, order.id, 'refund', { amount: order.total, reason: 'after all' })
  await settled(shop)
  expect((await read(shop, order.id)).status).toBe('refunded')
})

it('gives back no more than is left', async () => {
  const order = await shipped({ quantity: 2 })
  const amount = { amount: order.total.amount - 100, currency: 'EUR' }
  await handle(shop, order.id, 'refund', { amount, reason: 'sorry' })
  const lines = [{ position: 1, quantity: 2, restock: true }]
  const answer = await handle(shop, order.id, 'return', { lines })
  expect(answer.body.history.at(-1).reason).toBe('2 copies came back, €1.00 to be given back')
  await settled(shop)
  expect(moneyOf(shop, order.id).given).toBe(order.total.amount)
  expect((await read(shop, order.id)).status).toBe('refunded')

  const paidBack = await shipped({ quantity: 1 })
  await handle(shop, paidBack.id, 'refund', { amount: paidBack.total, reason: 'sorry' })
  await settled(shop)
  const back = await handle(shop, paidBack.id, 'return', {
    lines: [{ position: 1, quantity: 1, restock: true }],
  })
  expect(back.body.status).toBe('refunded')
})

it('takes an e-book back when it is not to be put into stock', async () => {
  const order = await confirmed(shop, [{ quantity: 1, book: { format: 'ebook' } }])
  const back = (restock: boolean) =>
    handle(shop, order.id, 'return', { lines: [{ position: 1, quantity: 1, restock }] })
  const refused = await back(true)
  expect(refused).toMatchObject({ status: 400, body: { code: 'lines_invalid' } })
  expect(refused.body.errors).toMatchObject([{ path: '/lines/0/restock', code: 'not_stocked' }])
  expect((await back(false)).body.status).toBe('returned')
  await settled(shop)
  // No shipping was paid for it.
  expect((await read(shop, order.id)).status).toBe('refunded')
})

it('takes copies back once per key', async () => {
  const order = await shipped({ quantity: 2 })
  const body = { lines: [{ position: 1, quantity: 1, restock: true }] }
  const first = await handle(shop, order.id, 'return', body, { key: 'back' })
  expect((await handle(shop, order.id, 'return', body, { key: 'back' })).body).toEqual(first.body)
  const other = { ...body, refund: false }
  expect((await handle(shop, order.id, 'return', other, { key: 'back' })).status).toBe(422)
  await settled(shop)
  expect(moneyOf(shop, order.id).given).toBe(1299)
})

it('refuses what was not shipped, or is back', async () => {
  const order = await confirmed(shop, [{ quantity: 2 }, { quantity: 1 }])
  const back = (position: number, quantity: unknown) =>
    handle(shop, order.id, 'return', { lines: [{ position, quantity, restock: true }] })
  expect((await back(1, 1)).body).toMatchObject({ code: 'order_state', orderStatus: 'confirmed' })
  await handle(shop, order.id, 'ship', { lines: [{ position: 1, quantity: 1 }] })
  const refused = await back(1, 2)
  expect(refused.body.errors).toEqual([
    { path: '/lines/0/quantity', code: 'too_many', message: '1 were shipped and are not back' },
  ])
  expect((await back(2, 1)).status).toBe(400)
  expect((await back(3, 1)).status).toBe(400)
  for (const quantity of [0, -1, 1e9]) expect((await back(1, quantity)).body.code).toBe('validation_failed')
  const noRestock = await handle(shop, order.id, 'return', { lines: [{ position: 1, quantity: 1 }] })
  expect(noRestock.body.code).toBe('validation_failed')
  expect(await read(shop, order.id)).toMatchObject({ status: 'partly_shipped', lines: [{ returned: 0 }, {}] })
  const as = { as: 'customer' } as const
  expect((await handle(shop, order.id, 'return', { lines: [] }, as)).status).toBe(403)
  await cancel(shop, order.id, { as: 'staff' })
})

it('gives copies that come back to those who wait for them', async () => {
  const order = await shipped({ quantity: 1 })
  const { bookId } = order.lines[0]
  const waiting = await waitFor(bookId)
  await handle(shop, order.id, 'return', { lines: [{ position: 1, quantity: 1, restock: true }] })
  await settled(shop)
  expect((await read(shop, waiting)).lines[0].allocated).toBe(1)
})

async function waitFor(bookId: string): Promise<string> {
  await backorder(shop, bookId)
  const { body } = await buy(shop, bookId, 1, { as: 'customer' })
  await settled(shop)
  return body.id
}
