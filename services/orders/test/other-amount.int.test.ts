// Charges of another amount than was asked for, from the order to the last that is owed.
import { createLogger } from '@colophon/runtime'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { listRefusedRefunds } from '../src/process/refused-refunds.ts'
import { recordCharge } from '../src/process/settlement.ts'
import { type OrdersHarness, startOrders } from './harness.ts'
import { unknown } from './support/fake-payments.ts'
import { cancel, handle, moneyOf, place, read, settled } from './support/handling.ts'
import { stockOf } from './support/shopping.ts'

let shop: OrdersHarness

beforeAll(async () => {
  shop = await startOrders()
})
afterAll(() => shop.stop())

const total = 1594
const euros = (amount: number) => ({ amount, currency: 'EUR' })

/** An order of €15.94 of whose charge the provider takes something else, and all that follows. */
async function charged(took: { amount: number; currency: string }) {
  const { id } = await placed(took)
  await settled(shop)
  return read(shop, id)
}

/** The same, before anybody has asked the provider. */
async function placed(took: { amount: number; currency: string }) {
  shop.payments.outcomes.set('tok_other', { take: () => took })
  const order = await place(shop, [{ quantity: 1 }], { more: { payment: { token: 'tok_other' } } })
  expect(order.total).toEqual(euros(total))
  return order
}

/** The same, of whose charge nobody has heard when something else ends it. */
async function unheard(took: { amount: number; currency: string }, end: (id: string) => Promise<unknown>) {
  const { id } = await placed(took)
  shop.payments.after = () => {
    throw unknown()
  }
  expect(await shop.settle()).toHaveLength(1)
  shop.payments.after = () => {}
  await end(id)
  await settled(shop)
  return read(shop, id)
}

async function owedOf(number: number) {
  const owed = await listRefusedRefunds(shop.orders.deps, 1_000)
  return owed.filter((one) => one.number === number)
}

const statuses = ({ history }: { history: { status: string }[] }) => history.map(({ status }) => status)
const said = ({ history }: { history: { reason: string }[] }) => history.map(({ reason }) => reason)
const mailsAbout = (id: string) =>
  shop.mailer.sent.filter((mail) => mail.id.includes(id)).map(({ text }) => text.replaceAll('\n', ' '))
const end = (id: string, refundId: string, action: string) =>
  handle(shop, id, `refunds/${refundId}`, { action, reason: 'to your card' })

it('ends its order at once, with its copies free', async () => {
  const order = await charged(euros(1000))
  expect(statuses(order)).toEqual(['placed', 'expired', 'refunded'])
  expect(order.lines).toMatchObject([{ quantity: 1, cancelled: 1 }])
  expect(await stockOf(shop, order.lines[0].bookId)).toEqual({ onHand: 1, held: 0 })
  const invoices = await shop.send('GET', `/api/orders/${order.id}/invoices`, { as: 'staff' })
  expect(invoices.body.items).toEqual([])
})

it('what is less is given back, and the order has all its money back', async () => {
  const order = await charged(euros(1000))
  expect(order).toMatchObject({
    status: 'refunded',
    payment: { status: 'charged', refunded: euros(1000) },
    refunds: [
      { status: 'done', amount: euros(1000), reason: 'another amount was charged than was asked for' },
    ],
  })
  expect(said(order)).toContain('10.00 EUR was charged instead of €15.94')
  expect(moneyOf(shop, order.id)).toEqual({ taken: 1000, given: 1000 })
  expect(await owedOf(order.number)).toEqual([])
  const more = await handle(shop, order.id, 'refund', { amount: euros(1), reason: 'sorry' })
  expect(more.body).toMatchObject({ code: 'refund_too_large', left: euros(0) })
  const [over, back] = mailsAbout(order.id)
  expect(over).toContain(
    'Your order has ended, and nothing will be sent. 10.00 EUR was charged instead of €15.94. ' +
      'The money that came for it is given back.',
  )
  expect(back).toContain('All is given back. €10.00 given back.')
})

it('what is more is owed by staff, beside what the provider gives back', async () => {
  const order = await charged(euros(2000))
  expect(order).toMatchObject({
    status: 'refunded',
    payment: { status: 'charged', refunded: euros(total) },
    refunds: [
      { status: 'done', amount: euros(total) },
      { status: 'refused', amount: euros(406) },
    ],
  })
  expect(said(order)).toContain('20.00 EUR was charged instead of €15.94')
  expect(moneyOf(shop, order.id)).toEqual({ taken: 2000, given: total })
  const mail = mailsAbout(order.id).at(-1)
  expect(mail).toContain('€15.94 given back.')
  expect(mail).not.toContain('All is given back')
  const refundId = order.refunds[1].id
  const refusal =
    'more was charged than was asked for, 20.00 EUR for 15.94 EUR: give the rest back at the payment provider, ' +
    'then withdraw this'
  expect(await owedOf(order.number)).toEqual([{ id: refundId, number: order.number, ...euros(406), refusal }])
  for (const action of ['again', 'elsewhere']) {
    const { status, body } = await end(order.id, refundId, action)
    expect([status, body.code, body.refundStatus]).toEqual([409, 'refund_state', 'refused'])
    expect(body.detail).toContain('give it back at the payment provider, then withdraw it')
  }
  expect((await end(order.id, refundId, 'withdraw')).status).toBe(200)
  expect(await owedOf(order.number)).toEqual([])
  expect(said(await read(shop, order.id)).at(-1)).toBe(
    'what was charged and not asked for is seen to: to your card',
  )
  await settled(shop)
  expect(mailsAbout(order.id)).toHaveLength(3)
  expect(mailsAbout(order.id).at(-1)).toContain(
    'What was charged and not asked for is seen to: to your card.',
  )
})

it('what is more is booked on no order, even while all else is refused too', async () => {
  shop.payments.refusal = 'the charge is disputed'
  const order = await charged(euros(2000))
  shop.payments.refusal = null
  const [{ id: rest }, { id: more }] = order.refunds
  expect(order).toMatchObject({ status: 'expired', refunds: [{ status: 'refused' }, { status: 'refused' }] })
  expect((await end(order.id, more, 'again')).body.code).toBe('refund_state')
  expect((await end(order.id, rest, 'again')).status).toBe(200)
  await settled(shop)
  expect(moneyOf(shop, order.id).given).toBe(total)
  expect(await owedOf(order.number)).toMatchObject([{ id: more, amount: 406 }])
})

it('another currency is given back by staff alone, who see what it was', async () => {
  const order = await charged({ amount: 1750, currency: 'USD' })
  expect(order).toMatchObject({
    status: 'expired',
    payment: { status: 'charged', refunded: euros(0) },
    refunds: [{ status: 'refused', amount: euros(total) }],
  })
  expect(said(order)).toContain('17.50 USD was charged instead of €15.94')
  const [owed] = await owedOf(order.number)
  expect(owed).toMatchObject({
    ...euros(total),
    refusal: expect.stringMatching(/^17\.50 USD was charged for /),
  })
  const refundId = order.refunds[0].id
  for (const action of ['again', 'elsewhere'])
    expect((await end(order.id, refundId, action)).body.code).toBe('refund_state')
  expect((await end(order.id, refundId, 'withdraw')).status).toBe(200)
  await settled(shop)
  expect(moneyOf(shop, order.id).given).toBe(0)
  expect(await owedOf(order.number)).toEqual([])
})

it('nothing is no charge, and what comes after all is given back', async () => {
  const order = await charged(euros(0))
  expect(order).toMatchObject({ status: 'expired', payment: { status: 'void' }, refunds: [] })
  expect(said(order).at(-1)).toBe('no money was taken')
  expect(mailsAbout(order.id).at(-1)).toContain(
    'nothing will be sent. No money was taken. Nothing was charged.',
  )
  expect(await owedOf(order.number)).toEqual([])
  const refund = await handle(shop, order.id, 'refund', { amount: euros(1), reason: 'sorry' })
  expect(refund.body.code).toBe('order_state')
  const charge = { status: 'charged', chargeId: 'ch_later', reason: '', took: euros(900) } as const
  await recordCharge(shop.orders.deps, order.id, charge)
  expect((await read(shop, order.id)).refunds).toMatchObject([{ status: 'pending', amount: euros(900) }])
})

async function expire(id: string): Promise<void> {
  shop.clock.advance(20 * 60_000)
  await shop.run('orders.expire', { order_id: id })
}

it.each([
  ['expired', expire],
  ['cancelled', (id: string) => cancel(shop, id)],
])('is given back where it is heard of an order that is %s', async (status, end) => {
  const order = await unheard(euros(2000), end)
  expect(order).toMatchObject({
    status: 'refunded',
    refunds: [
      { status: 'done', amount: euros(total) },
      { status: 'refused', amount: euros(406) },
    ],
  })
  expect(statuses(order)).toEqual(['placed', status, status, 'refunded'])
  expect(said(order)).toContain(
    '20.00 EUR was charged instead of €15.94: it is given back, €4.06 of it by staff',
  )
  expect(await stockOf(shop, order.lines[0].bookId)).toEqual({ onHand: 1, held: 0 })
})

const toldAs = (id: string, took?: { amount: number; currency: string }) =>
  ({ status: 'charged', chargeId: `ch_${id}`, reason: '', ...(took && { took }) }) as const

/** Tells what was charged for an order, and returns what the log says of that. */
async function hear(id: string, took?: { amount: number; currency: string }): Promise<unknown[]> {
  const lines: string[] = []
  const destination = { write: (line: string) => void lines.push(line) }
  const logger = createLogger({ level: 'error', readable: false, destination })
  await recordCharge({ ...shop.orders.deps, logger }, id, toldAs(id, took))
  return lines.map((line) => JSON.parse(line))
}

const otherAmount = 'another amount was charged than was asked for'
const otherThanBefore = 'the provider tells another amount than before'

const alarm = (
  id: string,
  orderStatus: string,
  took: { amount: number; currency: string },
  msg = otherAmount,
) => [
  {
    level: 'error',
    orderId: id,
    orderStatus,
    chargeId: `ch_${id}`,
    asked: euros(total),
    took,
    msg,
  },
]

it('is owed of an order that costs nothing too, as something that staff see to', async () => {
  const price = { amount: 0, currency: 'EUR', includesTax: true }
  const { id, number } = await place(shop, [{ quantity: 1, book: { format: 'ebook', price } }])
  await hear(id, { amount: 500, currency: 'USD' })
  await settled(shop)
  expect(await read(shop, id)).toMatchObject({ status: 'expired', refunds: [{ status: 'refused' }] })
  const [owed] = await owedOf(number)
  expect(owed?.refusal).toContain('5.00 USD was charged for 0.00 EUR: give it back')
  expect(mailsAbout(id).at(-1)).toContain(
    '5.00 USD was charged instead of €0.00. The money that came for it is given back.',
  )
})

it('is told once, with what was asked', async () => {
  const { id } = await placed(euros(2000))
  expect(await hear(id, euros(2000))).toMatchObject(alarm(id, 'placed', euros(2000)))
  expect(await hear(id, euros(2000))).toEqual([])
  expect(await hear(id)).toEqual([])
  expect((await read(shop, id)).refunds).toHaveLength(2)
})

it('is owed, once, where it is told behind a word without an amount, and the order goes on', async () => {
  const { id, number } = await placed(euros(total))
  expect(await hear(id)).toEqual([])
  await settled(shop)
  expect(await hear(id, euros(159_400))).toMatchObject(alarm(id, 'confirmed', euros(159_400)))
  const order = await read(shop, id)
  expect(order).toMatchObject({
    status: 'confirmed',
    refunds: [{ status: 'refused', amount: euros(157_806) }],
  })
  expect(said(order).at(-1)).toBe(
    '1594.00 EUR was charged instead of €15.94: what is more is given back by staff',
  )
  const [owed] = await owedOf(number)
  expect(owed?.refusal).toContain('1594.00 EUR for 15.94 EUR: give the rest back at the payment provider')
  for (const took of [euros(159_400), undefined]) expect(await hear(id, took)).toEqual([])
  expect((await end(id, order.refunds[0].id, 'withdraw')).status).toBe(200)
  expect(await hear(id, euros(159_400))).toEqual([])
  expect((await read(shop, id)).refunds).toMatchObject([{ status: 'withdrawn' }])
})

it.each([euros(1000), { amount: total, currency: 'USD' }])(
  'is an error alone where %o is told behind a word without an amount',
  async (took) => {
    const { id } = await placed(euros(total))
    await hear(id)
    expect(await hear(id, took)).toMatchObject(alarm(id, 'paid', took))
    expect(await read(shop, id)).toMatchObject({ status: 'paid', version: 2, refunds: [] })
    await settled(shop)
  },
)

it.each([
  [euros(16), euros(total)],
  [euros(total + 406), euros(total)],
  [euros(1000), euros(2000)],
  [euros(2000), euros(3000)],
  [{ amount: total, currency: 'USD' }, euros(total)],
  [
    { amount: 500, currency: 'USD' },
    { amount: 150_000, currency: 'USD' },
  ],
])('is an error alone where %o is told first, and then %o', async (first, then) => {
  const { id } = await placed(euros(total))
  expect(await hear(id, first)).toMatchObject(alarm(id, 'placed', first))
  const { refunds, version } = await read(shop, id)
  for (const _ of [1, 2])
    expect(await hear(id, then)).toMatchObject(alarm(id, 'expired', then, otherThanBefore))
  for (const same of [first, undefined]) expect(await hear(id, same)).toEqual([])
  expect(await read(shop, id)).toMatchObject({ version, refunds })
})

it('is owed as it was told first, where another is told behind it', async () => {
  const { id } = await placed(euros(total))
  for (const took of [euros(total), euros(2000)]) await hear(id, took)
  for (const took of [euros(total), euros(3000)])
    expect(await hear(id, took)).toMatchObject(alarm(id, 'paid', took, otherThanBefore))
  expect((await read(shop, id)).refunds).toMatchObject([{ status: 'refused', amount: euros(406) }])
  await settled(shop)
})
