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
 * Writes down what became of an order's charge, and moves the order on. Heard again, it changes nothing, unless it tells
 * of more money than before. Another amount than was asked for pays for nothing, and ends the order. Money that comes for
 * an order which is over is given back, even where the provider had said that it would not come.
 * @returns whether it was news
 */
export function recordCharge(deps: OrdersDeps, orderId: string, charge: Charge): Promise<boolean> {
  return deps.database.transaction(async (tx) => {
    const order = await lockOrder(tx, orderId)
    if (order === undefined) return false
    const { chargeId } = charge
    const { status: before } = order.payment
    const asked = { amount: order.total, currency: order.currency }
    const taking = charge.status === 'charged' ? takingOf(asked, charge.took) : null
    const tookMoney = taking?.isMoney === true
    if (before === 'charged') return taking !== null && recordSurplus(tx, deps, order, charge, taking)
    if (before !== 'pending' && !tookMoney) return false
    if (before !== 'pending')
      deps.logger.error({ orderId, chargeId, before }, 'a charge that was over took money')
    if (taking?.isAsAsked === false) logOtherAmount(deps, order, charge, taking)
    if (taking?.isAsAsked && order.status === 'placed') await received(tx, deps, order, charge)
    else if (taking !== null && tookMoney) await giveBack(tx, deps, order, charge, taking)
    else await notReceived(tx, deps, order, charge)
    return true
  })
}

function logOtherAmount({ logger }: OrdersDeps, order: OrderRow, charge: Charge, { asked }: Taking): void {
  const { id: orderId, status: orderStatus } = order
  const { chargeId, took } = charge
  logger.error({ orderId, orderStatus, chargeId, asked, took }, otherAmount)
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
  // What becomes of the money is in the mail of that.
  if (order.status === 'placed')
    await giveUpOrder(tx, deps, order, { to: 'expired', reason: otherAmountText(taking), actor })
  else await moveOrder(tx, deps, order, { reason: givenBackText(taking), actor })
}

/**
 * What a charge took may be told once it is written down, as by a webhook behind an answer that named no amount: its order
 * may be on its way by then, and goes on. What was taken beyond what was asked for is owed, once; whatever else differs
 * is left to people.
 */
async function recordSurplus(
  tx: Queryable,
  deps: OrdersDeps,
  order: OrderRow,
  charge: Charge,
  taking: Taking,
): Promise<boolean> {
  const { isAsAsked, paid, byHand } = taking
  if (isAsAsked) return false
  const { owed } = await tx.one<{ owed: number }>(sql`
    select coalesce(sum(amount), 0)::bigint as owed from orders.refunds
    where order_id = ${order.id} and attempt = 0`)
  const isSamePaid = paid === order.payment.amount
  if (isSamePaid && owed === (byHand?.amount ?? 0)) return false
  logOtherAmount(deps, order, charge, taking)
  if (!isSamePaid || owed > 0 || byHand === null) return false
  await requestRefund(tx, deps, order, { ...byHand, reason: otherAmount, actor: 'system' })
  const reason = `${otherAmountText(taking)}: what is more is given back by staff`
  await moveOrder(tx, deps, order, { reason, actor: 'provider' })
  return true
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
