import { createHmac } from 'node:crypto'
import { createPaymentsSandbox, paymentsSandboxMigrations } from '@colophon/payments-sandbox'
import { migrate, sql } from '@colophon/postgres'
import { createLogger } from '@colophon/runtime'
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { createHttpPayments } from '../src/payments/http-provider.ts'
import { type OrdersHarness, startOrders, webhookSecret } from './harness.ts'
import { buy, receive, stockOf } from './support/shopping.ts'

let shop: OrdersHarness
let bookId: string

beforeAll(async () => {
  shop = await startOrders()
})
afterAll(() => shop.stop())
beforeEach(async () => {
  bookId = shop.catalog.add().id
  await receive(shop, bookId, 5)
})

/** Signs as the provider does. */
function sign(body: string, { secret = webhookSecret, at = shop.clock.now } = {}): string {
  const seconds = Math.floor(at.getTime() / 1000)
  return `t=${seconds},v1=${createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex')}`
}

function send(body: string, signature: string | undefined = sign(body)) {
  const headers = { 'content-type': 'application/json', 'payments-signature': signature }
  return shop.send('POST', '/api/payments/webhook', { body, headers })
}

function settled(orderId: string, charge: Record<string, unknown> = {}): string {
  const data = { id: 'ch_1', key: `charge-${orderId}`, status: 'charged', reason: '', ...charge }
  return JSON.stringify({ id: 'evt_1', type: 'charge.settled', createdAt: shop.clock.now, data })
}

/** An order whose charge is pending at the provider. */
async function waitingOrder(): Promise<string> {
  const { body } = await buy(shop, bookId, 2, { token: 'tok_webhook_only' })
  const errors = await shop.settle()
  expect(errors.map(({ message }) => message)).toEqual(['the charge is pending'])
  return body.id
}

async function standing(id: string) {
  return shop.test.database.one<{
    status: string
    payment: string
    chargeId: string | null
    version: number
  }>(sql`
    select o.status, o.version, payment.status as payment, payment.charge_id as "chargeId"
    from orders.orders o join orders.payments payment on payment.order_id = o.id where o.id = ${id}`)
}

describe('a webhook', () => {
  test('that the money came moves the order on, and changes nothing when it comes again', async () => {
    const id = await waitingOrder()
    shop.payments.settle(`charge-${id}`)
    const body = settled(id)
    expect((await send(body)).status).toBe(204)
    expect(await standing(id)).toMatchObject({ status: 'paid', payment: 'charged', chargeId: 'ch_1' })
    expect(await shop.settle()).toEqual([])
    const before = await standing(id)
    expect(before.status).toBe('confirmed')
    expect((await send(body)).status).toBe(204)
    expect((await send(settled(id, { status: 'declined' }))).status).toBe(204)
    expect(await standing(id)).toEqual(before)
    expect(await stockOf(shop, bookId)).toEqual({ onHand: 3, held: 0 })
  })

  test.each([
    ['another amount', (total: number) => ({ amount: total - 1, currency: 'EUR' }), 'pending', -1],
    ['another currency', (total: number) => ({ amount: total, currency: 'USD' }), 'refused', 0],
    ['another amount of no currency', (total: number) => ({ amount: total - 2 }), 'pending', -2],
  ])(
    'that %s was charged pays for nothing: the order is over, and it is given back',
    async (_case, other, status, less) => {
      const id = await waitingOrder()
      const { total } = await shop.test.database.one<{ total: number }>(
        sql`select total from orders.orders where id = ${id}`,
      )
      const error = vi.spyOn(shop.orders.deps.logger, 'error')
      onTestFinished(() => error.mockRestore())
      for (const _ of [1, 2]) expect((await send(settled(id, other(total)))).status).toBe(204)
      expect(error).toHaveBeenCalledOnce()
      const { body: order } = await shop.send('GET', `/api/orders/${id}`, { as: 'staff' })
      expect(order).toMatchObject({
        status: 'expired',
        refunds: [{ status, amount: { amount: total + less } }],
      })
      expect(await stockOf(shop, bookId)).toEqual({ onHand: 5, held: 0 })
    },
  )

  test('that names no amount does not hide that more was charged from what is heard behind it', async () => {
    const id = await waitingOrder()
    const { total } = await shop.test.database.one<{ total: number }>(
      sql`select total from orders.orders where id = ${id}`,
    )
    const error = vi.spyOn(shop.orders.deps.logger, 'error')
    onTestFinished(() => error.mockRestore())
    await send(settled(id))
    expect(await standing(id)).toMatchObject({ status: 'paid', payment: 'charged' })
    for (const _ of [1, 2]) await send(settled(id, { amount: total * 100, currency: 'EUR' }))
    expect(error).toHaveBeenCalledOnce()
    const { body: order } = await shop.send('GET', `/api/orders/${id}`, { as: 'staff' })
    expect(order).toMatchObject({
      status: 'paid',
      refunds: [{ status: 'refused', amount: { amount: total * 99 } }],
    })
  })

  test('that the right amount was charged is taken however its currency is written', async () => {
    const id = await waitingOrder()
    const { total } = await shop.test.database.one<{ total: number }>(
      sql`select total from orders.orders where id = ${id}`,
    )
    await send(settled(id, { amount: total, currency: 'eur' }))
    expect(await standing(id)).toMatchObject({ status: 'paid', payment: 'charged' })
  })

  test('has what follows sent at once', async () => {
    const id = await waitingOrder()
    const nudge = vi.spyOn(shop.orders.deps.outbox, 'nudge')
    onTestFinished(() => nudge.mockRestore())
    await send(settled(id))
    expect(nudge).toHaveBeenCalledOnce()
  })

  test('by many at once is taken once', async () => {
    const id = await waitingOrder()
    const before = await standing(id)
    const answers = await Promise.all(Array.from({ length: 10 }, () => send(settled(id))))
    expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(204))
    expect(await standing(id)).toMatchObject({ status: 'paid', version: before.version + 1 })
  })

  test('that it did not come frees the copies', async () => {
    const id = await waitingOrder()
    expect((await send(settled(id, { status: 'declined', reason: 'no money' }))).status).toBe(204)
    expect(await standing(id)).toMatchObject({ status: 'declined', payment: 'declined' })
    expect(await stockOf(shop, bookId)).toEqual({ onHand: 5, held: 0 })
  })

  test.each(['declined', 'void'])(
    'that money came after all, of a charge that was %s, has it given back',
    async (status) => {
      const id = await waitingOrder()
      await send(settled(id, { status }))
      expect(await shop.settle()).toEqual([])
      const { chargeId } = shop.payments.settle(`charge-${id}`)
      expect((await send(settled(id, { id: chargeId }))).status).toBe(204)
      expect((await send(settled(id, { id: chargeId }))).status).toBe(204)
      expect(await shop.settle()).toEqual([])
      const { taken, given } = shop.payments.accountOf(`charge-${id}`)
      expect([taken > 0, given]).toEqual([true, taken])
      expect(await standing(id)).toMatchObject({ payment: 'charged' })
    },
  )

  test.each([
    ['another type', (id: string) => settled(id).replace('charge.settled', 'refund.done')],
    ['a charge that is pending', (id: string) => settled(id, { status: 'pending' })],
    ['an order that nobody knows', () => settled('0198c1f0-7a55-7c3e-9b5e-3f2a6d1c8e40')],
    ['a key that is no order', () => settled('something')],
    ['a key of another shop', (id: string) => settled(id, { key: `tab-${id}` })],
  ])('of %s is taken, and changes nothing', async (_, bodyOf) => {
    const id = await waitingOrder()
    const before = await standing(id)
    expect((await send(bodyOf(id))).status).toBe(204)
    expect(await standing(id)).toEqual(before)
  })

  test.each<[string, (body: string) => string]>([
    ['nothing', () => ''],
    ['another secret', (body) => sign(body, { secret: 'whsec_other' })],
    ['another body', (body) => sign(`${body} `)],
    ['another scheme', (body) => sign(body).replace('v1', 'v0')],
    ['half a signature', (body) => sign(body).slice(0, -2)],
    ['no time', (body) => sign(body).replace(/^t=\d+,/, '')],
    ['a time that is none', (body) => sign(body).replace(/^t=\d+/, 't=soon')],
    ['another time', (body) => sign(body).replace(/^t=(\d+)/, (_, t) => `t=${Number(t) + 1}`)],
    ['a time too long ago', (body) => sign(body, { at: minutesFromNow(-5.1) })],
    ['a time too far ahead', (body) => sign(body, { at: minutesFromNow(5.1) })],
    ['a signature behind many others', (body) => sign(body).replace(',', `${',v1=0'.repeat(9)},`)],
  ])('signed with %s is refused, and nothing is written', async (_, signatureOf) => {
    const id = await waitingOrder()
    const before = await standing(id)
    const body = settled(id)
    const answer = await send(body, signatureOf(body))
    expect([answer.status, answer.body.code]).toEqual([401, 'webhook_signature'])
    expect(await standing(id)).toEqual(before)
  })

  test.each<[string, (body: string) => string]>([
    ['almost five minutes ago', (body) => sign(body, { at: minutesFromNow(-4.9) })],
    ['almost five minutes ahead', (body) => sign(body, { at: minutesFromNow(4.9) })],
    [
      'with the old secret and the new',
      (body) => `${sign(body, { secret: 'old' })},${sign(body).split(',')[1]}`,
    ],
  ])('signed %s is taken', async (_, signatureOf) => {
    const body = settled('something')
    expect((await send(body, signatureOf(body))).status).toBe(204)
  })

  test.each([
    ['not JSON', '{', 'the body is not JSON', undefined],
    ['no object', '[]', 'must be', ['']],
    ['no charge', '{"type":"charge.settled"}', '/data is required', ['/data']],
    ['a charge of another status', settledData({ status: 'lost' }), '/data/status', ['/data/status']],
    ['a charge without id', settledData({ id: '' }), '/data/id', ['/data/id']],
    ['what cannot be stored', settledData({ id: 'a\u0000' }), '/data/id', ['/data/id']],
  ])('with %s is refused', async (_, body, detail, paths) => {
    const answer = await send(body)
    expect([answer.status, answer.body.code]).toEqual([400, 'webhook_invalid'])
    expect(answer.body.detail).toContain(detail)
    expect(answer.body.errors?.map(({ path }: { path: string }) => path)).toEqual(paths)
  })

  test('without a signature is refused', async () => {
    const headers = { 'content-type': 'application/json' }
    const answer = await shop.send('POST', '/api/payments/webhook', { body: settled('something'), headers })
    expect([answer.status, answer.body.code]).toEqual([401, 'webhook_signature'])
  })

  test('larger than any event is refused', async () => {
    expect((await send(' '.repeat(70_000))).status).toBe(413)
  })
})

test('the sandbox and the shop understand each other', async () => {
  await migrate(shop.test.database, paymentsSandboxMigrations)
  await shop.server.start()
  const began = performance.now()
  const sandbox = await createPaymentsSandbox({
    database: shop.test.database,
    logger: createLogger({ level: 'silent', readable: false }),
    version: '0.0.0',
    lateMs: 20,
    webhook: { url: () => `${shop.server.address()}/api/payments/webhook`, secret: webhookSecret },
    // The shop's clock, since signatures are good for five minutes of it.
    now: () => new Date(shop.clock.now.getTime() + performance.now() - began),
  })
  await sandbox.start()
  const payments = createHttpPayments({ url: sandbox.address })
  const id = await waitingOrder()
  const { amount } = await shop.test.database.one<{ amount: number }>(
    sql`select amount from orders.payments where order_id = ${id}`,
  )
  const request = { key: `charge-${id}`, amount, currency: 'EUR', reference: id }
  await expect(payments.charge({ ...request, token: 'tok_webhook_only' })).rejects.toThrow('not decided')
  await sandbox.settle()
  expect(await standing(id)).toMatchObject({ status: 'paid', payment: 'charged' })
  await payments.close()
  await sandbox.stop()
})

function minutesFromNow(minutes: number): Date {
  return new Date(shop.clock.now.getTime() + minutes * 60_000)
}

function settledData(charge: Record<string, unknown>): string {
  const data = { id: 'ch_1', key: 'k', status: 'charged', reason: '', ...charge }
  return JSON.stringify({ id: 'evt_1', type: 'charge.settled', data })
}
