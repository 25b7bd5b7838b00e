import { afterAll, beforeAll, expect, it } from 'vitest'
import { type OrdersHarness, startOrders } from './harness.ts'
import { cancel, confirmed, handle, place, read, settled } from './support/handling.ts'
import { receive } from './support/shopping.ts'

let shop: OrdersHarness

beforeAll(async () => {
  shop = await startOrders()
})

afterAll(() => shop.stop())

it('ships all there is, then what has come in since, and tells the buyer each time', async () => {
  const order = await confirmed(shop, [{ quantity: 2 }, { quantity: 3, stock: 1 }])
  const mails = shop.mailer.sent.length
  const first = await handle(shop, order.id, 'ship', { carrier: 'DHL', tracking: '00340' })
  expect(first.status).toBe(200)
  expect(first.body).toMatchObject({
    status: 'partly_shipped',
    lines: [{ shipped: 2 }, { allocated: 1, shipped: 1 }],
    shipments: [
      {
        carrier: 'DHL',
        tracking: '00340',
        lines: [
          { position: 1, quantity: 2 },
          { position: 2, quantity: 1 },
        ],
      },
    ],
  })
  expect(first.body.history.at(-1).reason).toBe('3 copies shipped with DHL, tracking 00340')
  const nothing = await handle(shop, order.id, 'ship', {})
  expect(nothing).toMatchObject({ status: 409, body: { code: 'copies_missing' } })
  expect(nothing.body.detail).toContain('2 copies wait for stock')
  const early = { lines: [{ position: 2, quantity: 2 }] }
  const missing = { path: '/lines/0/quantity', code: 'copies_missing' }
  expect(await handle(shop, order.id, 'ship', early, { key: 'early' })).toMatchObject({
    status: 409,
    body: {
      code: 'copies_missing',
      errors: [{ ...missing, message: '0 can be shipped, and 2 wait for stock' }],
    },
  })
  expect(await handle(shop, order.id, 'ship', { lines: [{ position: 2, quantity: 3 }] })).toMatchObject({
    status: 400,
    body: { code: 'lines_invalid', errors: [{ code: 'too_many' }] },
  })

  const bookId = order.lines[1].bookId
  await receive(shop, bookId, 5)
  await shop.run('orders.allocate', { book_id: bookId })
  const second = await handle(shop, order.id, 'ship', early, { key: 'early' })
  expect(second.body).toMatchObject({ status: 'shipped', lines: [{ shipped: 2 }, { shipped: 3 }] })
  expect(second.body.shipments).toHaveLength(2)
  expect(second.body.shipments[1]).toMatchObject({ carrier: null, tracking: null })
  await settled(shop)
  expect(shop.mailer.sent.length).toBeGreaterThanOrEqual(mails + 2)
})

it('ships once per key', async () => {
  const order = await confirmed(shop, [{ quantity: 3 }])
  const body = { lines: [{ position: 1, quantity: 1 }] }
  const first = await handle(shop, order.id, 'ship', body, { key: 'parcel' })
  const again = await handle(shop, order.id.toUpperCase(), 'ship', body, { key: 'parcel' })
  expect(again).toMatchObject({ status: 200, body: first.body })
  const other = { lines: [{ position: 1, quantity: 2 }] }
  expect((await handle(shop, order.id, 'ship', other, { key: 'parcel' })).body.code).toBe(
    'idempotency_key_reused',
  )
  // Another's key is another key, and a refusal keeps none.
  expect((await handle(shop, order.id, 'ship', other, { key: 'parcel', as: 'admin' })).status).toBe(200)
  expect((await handle(shop, order.id, 'ship', {}, { key: 'free' })).status).toBe(409)
  const next = await confirmed(shop, [{ quantity: 1 }])
  expect((await handle(shop, next.id, 'ship', {}, { key: 'free' })).status).toBe(200)
})

it('refuses lines that the order does not have, or not so many copies', async () => {
  const order = await confirmed(shop, [{ quantity: 3, stock: 1 }, { quantity: 1 }])
  const lines = [
    { position: 1, quantity: 2 },
    { position: 3, quantity: 1 },
    { position: 2, quantity: 1 },
    { position: 2, quantity: 1 },
  ]
  const refused = await handle(shop, order.id, 'ship', { lines })
  expect(refused).toMatchObject({ status: 400, body: { code: 'lines_invalid' } })
  expect(refused.body.errors).toEqual([
    { path: '/lines/0/quantity', code: 'copies_missing', message: '1 can be shipped, and 2 wait for stock' },
    { path: '/lines/1/position', code: 'unknown', message: 'the order has no such line' },
    { path: '/lines/3/position', code: 'repeated', message: 'each line once: add up its copies' },
  ])
  for (const quantity of [0, -1, 1.5, 1e9, '1', null]) {
    const answer = await handle(shop, order.id, 'ship', { lines: [{ position: 1, quantity }] })
    expect(answer).toMatchObject({ status: 400, body: { code: 'validation_failed' } })
  }
  const bodies = [{ lines: [] }, { carrier: '' }, { tracking: 'a\nb' }, { weight: 1 }]
  for (const body of bodies) expect((await handle(shop, order.id, 'ship', body)).status).toBe(400)
  const { status, lines: after, shipments } = await read(shop, order.id)
  expect({ status, after, shipments }).toEqual({ status: 'confirmed', after: order.lines, shipments: [] })
})

it('is for staff, with a key', async () => {
  const order = await confirmed(shop, [{ quantity: 1 }])
  expect((await handle(shop, order.id, 'ship', {}, { as: 'customer' })).status).toBe(403)
  const url = `/api/orders/${order.id}/ship`
  expect((await shop.send('POST', url, { body: {} })).status).toBe(401)
  const keyless = await shop.send('POST', url, { as: 'staff', body: {} })
  expect(keyless).toMatchObject({ status: 400, body: { code: 'idempotency_key_required' } })
  const missing = await handle(shop, '0198c0de-0000-7000-8000-000000000000', 'ship', {})
  expect(missing).toMatchObject({ status: 404, body: { code: 'order_not_found' } })
})

it('refuses orders that are not confirmed, or over', async () => {
  const placed = await place(shop, [{ quantity: 1 }])
  expect(await handle(shop, placed.id, 'ship', {})).toMatchObject({
    status: 409,
    body: { code: 'order_state', orderStatus: 'placed' },
  })
  await cancel(shop, placed.id)
  const ebook = await confirmed(shop, [{ quantity: 1, book: { format: 'ebook' } }])
  for (const [id, orderStatus] of [
    [placed.id, 'cancelled'],
    [ebook.id, 'shipped'],
  ]) {
    expect((await handle(shop, id, 'ship', {})).body).toMatchObject({ code: 'order_state', orderStatus })
  }
})

it('never ships a copy twice, however many say so at once', async () => {
  const order = await confirmed(shop, [{ quantity: 3 }])
  const one = { lines: [{ position: 1, quantity: 1 }] }
  const answers = await Promise.all(Array.from({ length: 6 }, () => handle(shop, order.id, 'ship', one)))
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(3)
  const after = await read(shop, order.id)
  expect(after).toMatchObject({ status: 'shipped', lines: [{ shipped: 3 }] })
  expect(after.shipments).toHaveLength(3)
})
