import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestShop, type TestShop } from './support/shop.ts'

let shop: TestShop
let staff: string
let customer: string

beforeAll(async () => {
  shop = await startTestShop()
  staff = await shop.tokenOf('staff')
  customer = await shop.tokenOf('customer')
})
afterAll(() => shop.stop())

interface Asked {
  token?: string
  body?: unknown
  headers?: Record<string, string>
}

async function ask(method: 'GET' | 'POST', url: string, { token, body, headers = {} }: Asked = {}) {
  const response = await shop.gateway.app.inject({
    method,
    url,
    headers: { ...(token !== undefined && { authorization: `Bearer ${token}` }), ...headers },
    ...(body !== undefined && { payload: body as object }),
  })
  return { status: response.statusCode, headers: response.headers, body: response.json() }
}

/** A book with so many copies, come in by staff. */
async function bookWith(copies: number): Promise<string> {
  const made = await ask('POST', '/api/books', {
    token: staff,
    body: { title: `Of ${copies} copies`, format: 'paperback', price: { amount: 1299, currency: 'EUR' } },
  })
  expect(made.status).toBe(201)
  const adjusted = await ask('POST', `/api/inventory/${made.body.id}/adjustments`, {
    token: staff,
    body: { delta: copies, reason: 'goods_in' },
    headers: { 'idempotency-key': randomUUID() },
  })
  expect(adjusted).toMatchObject({ status: 200, body: { available: copies } })
  return made.body.id
}

const address = {
  name: 'A. Reader',
  line1: 'Main Street 1',
  postalCode: '10115',
  city: 'Berlin',
  country: 'DE',
}

function buy(bookId: string, { token, payment = 'tok_approve', ...more }: Record<string, string> = {}) {
  return ask('POST', '/api/orders', {
    ...(token !== undefined && { token }),
    headers: { 'idempotency-key': randomUUID() },
    body: {
      lines: [{ bookId, quantity: 1 }],
      shippingAddress: address,
      payment: { token: payment },
      ...more,
    },
  })
}

interface Refund {
  id: string
  status: string
}

function endRefund(where: string, refundId: string, action: string) {
  return ask('POST', `${where}/refunds/${refundId}`, {
    token: staff,
    body: { action, reason: 'by bank transfer' },
    headers: { 'idempotency-key': randomUUID() },
  })
}

function statusesOf(order: { history: { status: string }[] }): string[] {
  return order.history.map(({ status }) => status)
}

describe('an order in the whole shop', () => {
  it('is placed, confirmed, cancelled and refunded; stock and the catalogue follow', async () => {
    const bookId = await bookWith(1)
    await shop.settle()
    expect((await ask('GET', `/api/books/${bookId}`)).body).toMatchObject({ inStock: true })

    const placed = await buy(bookId, { token: customer })
    expect(placed).toMatchObject({ status: 202, body: { status: 'placed', orderToken: null } })
    const where = String(placed.headers.location)
    expect(await buy(bookId, { token: customer })).toMatchObject({
      status: 409,
      body: { code: 'out_of_stock' },
    })

    await shop.settle()
    const confirmed = await ask('GET', where, { token: customer })
    expect(confirmed.body).toMatchObject({ status: 'confirmed', payment: { status: 'charged' } })
    expect((await ask('GET', `/api/books/${bookId}`)).body).toMatchObject({ inStock: false })

    const cancelled = await ask('POST', `${where}/cancel`, { token: customer })
    expect(cancelled).toMatchObject({ status: 200, body: { status: 'cancelled' } })
    await shop.settle()
    const refunded = await ask('GET', where, { token: customer })
    expect(refunded.body).toMatchObject({
      status: 'refunded',
      payment: { refunded: refunded.body.total },
    })
    expect(statusesOf(refunded.body)).toEqual(['placed', 'paid', 'confirmed', 'cancelled', 'refunded'])
    expect((await ask('GET', `/api/books/${bookId}`)).body).toMatchObject({ inStock: true })
    expect((await ask('GET', `/api/inventory/${bookId}`, { token: staff })).body).toMatchObject({
      onHand: 1,
      held: 0,
    })
  })

  it('of a guest is seen with its token, and by nobody else', async () => {
    const bookId = await bookWith(1)
    const placed = await buy(bookId, { email: 'guest@example.com' })
    expect(placed.status).toBe(202)
    const where = String(placed.headers.location)
    await shop.settle()
    const token = { headers: { 'order-token': placed.body.orderToken } }
    expect((await ask('GET', where, token)).body).toMatchObject({ status: 'confirmed' })
    for (const other of [{}, { token: customer }, { headers: { 'order-token': 'x'.repeat(43) } }]) {
      expect(await ask('GET', where, other)).toMatchObject({ status: 404, body: { code: 'order_not_found' } })
    }
    const found = await ask('GET', '/api/orders?email=guest@example.com', { token: staff })
    expect(found.body.items).toMatchObject([{ id: placed.body.id }])
  })

  it('of which another amount is charged ends, and staff see to what is more', async () => {
    const placed = await buy(await bookWith(1), { token: customer, payment: 'tok_other_amount' })
    await shop.settle()
    const where = String(placed.headers.location)
    const { body: order } = await ask('GET', where, { token: staff })
    expect(order).toMatchObject({
      status: 'refunded',
      payment: { status: 'charged', refunded: order.total },
    })
    // Both are of the same moment.
    const [back, more] = order.refunds.toSorted((one: Refund, other: Refund) =>
      one.status < other.status ? -1 : 1,
    )
    expect(back).toMatchObject({ status: 'done', amount: order.total })
    expect(more).toMatchObject({ status: 'refused', amount: { amount: 100, currency: 'EUR' } })
    expect(statusesOf(order)).toEqual(['placed', 'expired', 'refunded'])
    const again = await endRefund(where, more.id, 'again')
    expect(again).toMatchObject({ status: 409, body: { code: 'refund_state' } })
    const withdrawn = await endRefund(where, more.id, 'withdraw')
    expect(withdrawn.status).toBe(200)
    expect(withdrawn.body.refunds.find(({ id }: Refund) => id === more.id)).toMatchObject({
      status: 'withdrawn',
    })
  })

  it('of which no money is given back stays cancelled until the buyer has it elsewhere', async () => {
    const placed = await buy(await bookWith(1), { token: customer, payment: 'tok_refund_refused' })
    await shop.settle()
    const where = String(placed.headers.location)
    await ask('POST', `${where}/cancel`, { token: customer })
    await shop.settle()
    const { body: order } = await ask('GET', where, { token: staff })
    expect(order).toMatchObject({
      status: 'cancelled',
      refunds: [{ status: 'refused', amount: order.total }],
    })
    const ended = await endRefund(where, order.refunds[0].id, 'elsewhere')
    expect(ended.body).toMatchObject({ status: 'refunded', payment: { refunded: order.total } })
  })

  it('that is declined gives its copies back', async () => {
    const bookId = await bookWith(2)
    const placed = await buy(bookId, { token: customer, payment: 'tok_decline' })
    await shop.settle()
    const declined = await ask('GET', String(placed.headers.location), { token: customer })
    expect(declined.body).toMatchObject({ status: 'declined', payment: { status: 'declined' } })
    expect((await ask('GET', `/api/inventory/${bookId}`, { token: staff })).body).toMatchObject({
      onHand: 2,
      held: 0,
    })
  })
})
