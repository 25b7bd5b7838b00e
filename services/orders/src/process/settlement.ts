// What the provider says of a charge, written down once, whoever heard it: a task, a webhook, an expiry, the sweeper.
import { type Queryable, sql } from '@colophon/postgres'
import type { OrdersDeps } from '../deps.ts'
import { issueInvoice } from '../invoices/issue-invoice.ts'
import type { Charge } from '../payments/port.ts'
import { giveUpOrder } from './give-up-order.ts'
import { moveOrder } from './move.ts'
import { lockOrder, type OrderRow } from './order-row.ts'
import { requestRefund } from './request-refund.ts'
import { givenBackText, otherAmountText, type Taking, takingOf } from './taking.ts'

const otherAmount = 'another amount was charged than was asked for'

/**
 * Writes down what became of an order's charge, and moves the order on. Another amount than was asked for pays for nothing,
 * and ends the order. Money that comes for an order which is over is given back, even where the provider had said that it
 * would not come. Heard again, it changes nothing, but that what was charged beyond what was asked for is owed where it is
 * written down as asked: any other amount than is written is an error in the log alone.
 */
export async function recordCharge(deps: OrdersDeps, orderId: string, charge: Charge): Promise<void> {
  const told = await deps.database.transaction(async (tx) => {
    const order = await lockOrder(tx, orderId)
    if (order === undefined) return null
    const { chargeId, took } = charge
    const { status: before } = order.payment
    const asked = { amount: order.total, currency: order.currency }
    const about = { orderId, orderStatus: order.status, chargeId, before, asked, took }
    const taking = charge.status === 'charged' ? takingOf(asked, took) : null
    return { about, alarms: await record(tx, deps, order, charge, taking) }
  })
  if (told === null) return
  for (const alarm of told.alarms) deps.logger.error(told.about, alarm)
}

/** @returns what people are to see to */
async function record(
  tx: Queryable,
  deps: OrdersDeps,
  order: OrderRow,
  charge: Charge,
  taking: Taking | null,
): Promise<string[]> {
  const { status: before } = order.payment
  const tookMoney = taking?.isMoney === true
  if (before === 'charged') return taking === null ? [] : toldAgain(tx, deps, order, charge, taking)
  if (before !== 'pending' && !tookMoney) return []
  if (taking?.isAsAsked && order.status === 'placed') await received(tx, deps, order, charge)
  else if (taking !== null && tookMoney) await giveBack(tx, deps, order, charge, taking)
  else await notReceived(tx, deps, order, charge)
  return [
    ...(before === 'pending' ? [] : ['a charge that was over took money']),
    ...(taking?.isAsAsked === false ? [otherAmount] : []),
  ]
}

async function settlePayment(tx: Queryable, { now }: OrdersDeps, order: OrderRow, charge: Charge) {
  const { status, chargeId, reason } = charge
  order.payment.status = status
  await tx.query(sql`
    update orders.payments
    set status = ${status}, amount = ${order.payment.amount}, charge_id = ${chargeId}, reason = ${reason},
      token = null, settled_at = ${now()}
    where order_id = ${order.id}`)
}

async function received(tx: Queryable, deps: OrdersDeps, order: OrderRow, charge: Charge): Promise<void> {
  await settlePayment(tx, deps, order, charge)
  await moveOrder(tx, deps, order, { to: 'paid', reason: 'the payment was received', actor: 'provider' })
  await issueInvoice(tx, deps, order)
}

/**
 * Has the money of an order that is over given back: by the provider what was asked for, by staff what was not. Where it
 * is another amount, an order that is placed is over with that.
 */
async function giveBack(
  tx: Queryable,
  deps: OrdersDeps,
  order: OrderRow,
  charge: Charge,
  taking: Taking,
): Promise<void> {
  const { isAsAsked, paid, byHand } = taking
  order.payment.amount = paid
  await settlePayment(tx, deps, order, charge)
  const why = isAsAsked ? `paid after the order was ${order.status}` : otherAmount
  const refund = { reason: why, actor: 'system' }
  if (paid > 0) await requestRefund(tx, deps, order, { ...refund, amount: paid })
  if (byHand !== null) await requestRefund(tx, deps, order, { ...refund, ...byHand })
  const actor = 'provider'
  // The mail about the end says that the money is given back.
  if (order.status === 'placed')
    await giveUpOrder(tx, deps, order, { to: 'expired', reason: otherAmountText(taking), actor })
  else await moveOrder(tx, deps, order, { reason: givenBackText(taking), actor })
}

/**
 * What a charge took may be told once it is written down, as by a webhook behind an answer that named no amount: its order
 * may be on its way by then, and goes on. What was taken beyond what was asked for is owed, once; whatever else differs
 * from what is written is left to people.
 * @returns what they are to see to
 */
async function toldAgain(
  tx: Queryable,
  deps: OrdersDeps,
  order: OrderRow,
  charge: Charge,
  taking: Taking,
): Promise<string[]> {
  const { isAsAsked, paid, byHand } = taking
  const namesAmount = !isAsAsked || typeof charge.took?.amount === 'number'
  if (!namesAmount) return []
  const { owed, refusal } = await tx.one<{ owed: number; refusal: string | null }>(sql`
    select coalesce(sum(amount), 0)::bigint as owed, max(refusal) as refusal from orders.refunds
    where order_id = ${order.id} and attempt = 0`)
  const isSamePaid = paid === order.payment.amount
  // Amounts of another currency are owed alike: what was taken is told by the refusal, until staff have seen to it.
  const isSameOwed = owed === (byHand?.amount ?? 0) && (refusal === null || refusal === byHand?.refusal)
  if (isSamePaid && isSameOwed) return []
  if (order.payment.amount !== order.total || owed > 0)
    return ['the provider tells another amount than before']
  if (!isSamePaid || byHand === null) return [otherAmount]
  await requestRefund(tx, deps, order, { ...byHand, reason: otherAmount, actor: 'system' })
  const reason = `${otherAmountText(taking)}: what is more is given back by staff`
  await moveOrder(tx, deps, order, { reason, actor: 'provider' })
  return [otherAmount]
}

async function notReceived(tx: Queryable, deps: OrdersDeps, order: OrderRow, charge: Charge): Promise<void> {
  const { status, reason: why } = charge
  const actor = 'provider'
  // A charge of nothing is none.
  await settlePayment(tx, deps, order, status === 'charged' ? { ...charge, status: 'void' } : charge)
  if (order.status !== 'placed') return moveOrder(tx, deps, order, { reason: 'no money was taken', actor })
  const to = status === 'declined' ? 'declined' : 'expired'
  const text = status === 'charged' ? 'no money was taken' : `the payment was ${status}`
  return giveUpOrder(tx, deps, order, { to, reason: why === '' ? text : `${text}: ${why}`, actor })
}
