// Charges of another amount than was asked for, from the order to the last that is owed.
import { createLogger } from '@colophon/runtime'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { listRefusedRefunds } from '../src/process/refused-refunds.ts'
import { recordCharge } from '../src/process/settlement.ts'
import { type OrdersHarness, startOrders } from './harness.ts'
import { cancel, handle, moneyOf, place, read, settled } from './support/handling.ts'
import { pass } from './support/model-actions.ts'
import { stockOf } from './support/shopping.ts'

let shop: OrdersHarness

beforeAll(async () => {
  shop = await startOrders()
})
afterAll(() => shop.stop())

const total = 1594
const euros = (amount: number) => ({ amount, currency: 'EUR' })

/** An order of €15.94 of whose charge the provider takes something else. */
async function charged(took: { amount: number; currency: string }) {
  shop.payments.outcomes.set('tok_other', { take: () => took })
  const order = await place(shop, [{ quantity: 1 }], { more: { payment: { token: 'tok_other' } } })
  expect(order.total).toEqual(euros(total))
  await settled(shop)
  return order
}

/** The same, once its time to be paid is over. */
async function expired(took: { amount: number; currency: string }) {
  const { id } = await charged(took)
  expect(await read(shop, id)).toMatchObject({ status: 'placed', payment: { status: 'pending' } })
  await pass(shop, 20)
  await settled(shop)
  return read(shop, id)
}

async function owedOf(number: number) {
  const owed = await listRefusedRefunds(shop.orders.deps, 1_000)
  return owed.filter((one) => one.number === number)
}

const said = ({ history }: { history: { reason: string }[] }) => history.map(({ reason }) => reason)
const mailsAbout = (id: string) =>
  shop.mailer.sent.filter((mail) => mail.id.includes(id)).map(({ text }) => text.replaceAll('\n', ' '))
const end = (id: string, refundId: string, action: string) =>
  handle(shop, id, `refunds/${refundId}`, { action, reason: 'given back at the provider' })

it('what is less is given back, and the order has all its money back', async () => {
  const order = await expired(euros(1000))
  expect(order).toMatchObject({
    status: 'refunded',
    payment: { status: 'charged', refunded: euros(1000) },
    refunds: [
      { status: 'done', amount: euros(1000), reason: 'another amount was charged than was asked for' },
    ],
  })
  expect(said(order)).toContain('10.00 EUR was charged instead of €15.94: it is given back')
  expect(moneyOf(shop, order.id)).toEqual({ taken: 1000, given: 1000 })
  expect(await owedOf(order.number)).toEqual([])
  const more = await handle(shop, order.id, 'refund', { amount: euros(1), reason: 'sorry' })
  expect(more.body).toMatchObject({ code: 'refund_too_large', left: euros(0) })
  const [over, back] = mailsAbout(order.id)
  expect(over).toContain('It was not paid in time.')
  expect(over).toContain('The money that came for it is given back.')
  expect(back).toContain('All is given back. €10.00 given back.')
})

it('what is more is owed by staff, beside what the provider gives back', async () => {
  const order = await expired(euros(2000))
  expect(order).toMatchObject({
    status: 'refunded',
    payment: { status: 'charged', refunded: euros(total) },
    refunds: [
      { status: 'done', amount: euros(total) },
      { status: 'refused', amount: euros(406) },
    ],
  })
  expect(said(order)).toContain(
    '20.00 EUR was charged instead of €15.94: it is given back, €4.06 of it by staff',
  )
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
    expect([status, body.code]).toEqual([409, 'refund_too_large'])
    expect(body.detail).toContain('give it back at the payment provider, then withdraw it')
  }
  expect((await end(order.id, refundId, 'withdraw')).status).toBe(200)
  expect(await owedOf(order.number)).toEqual([])
  expect(said(await read(shop, order.id)).at(-1)).toBe(
    '€4.06 no longer to be given back: given back at the provider',
  )
})

it('what is more is booked on no order, even while all else is refused too', async () => {
  shop.payments.refusal = 'the charge is disputed'
  const order = await expired(euros(2000))
  shop.payments.refusal = null
  const [{ id: rest }, { id: more }] = order.refunds
  expect(order).toMatchObject({ status: 'expired', refunds: [{ status: 'refused' }, { status: 'refused' }] })
  expect((await end(order.id, more, 'again')).body.code).toBe('refund_too_large')
  expect((await end(order.id, rest, 'again')).status).toBe(200)
  await settled(shop)
  expect(moneyOf(shop, order.id).given).toBe(total)
  expect(await owedOf(order.number)).toMatchObject([{ id: more, amount: 406 }])
})

it('another currency is given back by staff alone, who see what it was', async () => {
  const order = await expired({ amount: 1750, currency: 'USD' })
  expect(order).toMatchObject({
    status: 'expired',
    payment: { status: 'charged', refunded: euros(0) },
    refunds: [{ status: 'refused', amount: euros(total) }],
  })
  expect(said(order)).toContain('17.50 USD was charged instead of €15.94: it is given back by staff')
  const [owed] = await owedOf(order.number)
  expect(owed).toMatchObject({
    ...euros(total),
    refusal: expect.stringMatching(/^17\.50 USD was charged for /),
  })
  const refundId = order.refunds[0].id
  for (const action of ['again', 'elsewhere'])
    expect((await end(order.id, refundId, action)).body.code).toBe('refund_too_large')
  expect((await end(order.id, refundId, 'withdraw')).status).toBe(200)
  await settled(shop)
  expect(moneyOf(shop, order.id).given).toBe(0)
  expect(await owedOf(order.number)).toEqual([])
})

it('nothing is no charge, and what comes after all is given back', async () => {
  const order = await expired(euros(0))
  expect(order).toMatchObject({ status: 'expired', payment: { status: 'void' }, refunds: [] })
  expect(said(order).at(-1)).toBe('no money was taken')
  expect(await owedOf(order.number)).toEqual([])
  const refund = await handle(shop, order.id, 'refund', { amount: euros(1), reason: 'sorry' })
  expect(refund.body.code).toBe('order_state')
  const charge = { status: 'charged', chargeId: 'ch_later', reason: '', took: euros(900) } as const
  expect(await recordCharge(shop.orders.deps, order.id, charge)).toBe(true)
  expect((await read(shop, order.id)).refunds).toMatchObject([{ status: 'pending', amount: euros(900) }])
})

it('is told with what was asked, and pays for nothing, of an order that is cancelled too', async () => {
  const lines: string[] = []
  const destination = { write: (line: string) => void lines.push(line) }
  const logger = createLogger({ level: 'error', readable: false, destination })
  const { id, lines: bought } = await charged(euros(2000))
  const charge = await shop.payments.find(`charge-${id}`)
  if (charge === null) throw new Error('there is no charge')
  expect(await recordCharge({ ...shop.orders.deps, logger }, id, charge)).toBe(false)
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    {
      orderId: id,
      chargeId: charge.chargeId,
      asked: euros(total),
      took: euros(2000),
      msg: 'another amount was charged than was asked for',
    },
  ])
  await cancel(shop, id)
  await settled(shop)
  expect(await read(shop, id)).toMatchObject({
    status: 'refunded',
    refunds: [
      { status: 'done', amount: euros(total) },
      { status: 'refused', amount: euros(406) },
    ],
  })
  expect(await stockOf(shop, bought[0].bookId)).toEqual({ onHand: 1, held: 0 })
})
