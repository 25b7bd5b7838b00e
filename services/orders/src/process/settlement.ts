// What the provider says of a charge, written down once, whoever heard it: a task, a webhook, an expiry, the sweeper.
import { type Queryable, sql } from '@colophon/postgres'
import type { OrdersDeps } from '../deps.ts'
import { issueInvoice } from '../invoices/issue-invoice.ts'
import type { Charge } from '../payments/port.ts'
import { releaseHolds } from '../stock/order-stock.ts'
import { closeLines } from './close-lines.ts'
import { moveOrder } from './move.ts'
import { lockOrder, type OrderRow } from './order-row.ts'
import { requestByHand, requestRefund } from './request-refund.ts'
import { givenBackText, type Taking, takingOf } from './taking.ts'

/**
 * Writes down what became of an order's charge, and moves the order on. Heard again, it changes nothing. Money that
 * comes for an order which is over is given back, even where the provider had said that it would not come.
 * @returns whether it was news
 */
export function recordCharge(deps: OrdersDeps, orderId: string, charge: Charge): Promise<boolean> {
  return deps.database.transaction(async (tx) => {
    const order = await lockOrder(tx, orderId)
    if (order === undefined) return false
    const { amount, status: before } = order.payment
    const asked = { amount, currency: order.currency }
    const taking = charge.status === 'charged' ? takingOf(asked, charge.took) : null
    const tookMoney = taking?.isMoney === true
    const isBroken = tookMoney && (before === 'declined' || before === 'void')
    if (before !== 'pending' && !isBroken) return false
    const { chargeId, took } = charge
    if (taking?.isAsAsked === false) {
      deps.logger.error({ orderId, chargeId, asked, took }, 'another amount was charged than was asked for')
      // It pays for nothing: the order expires, and then its charge is given back as any that comes too late.
      if (order.status === 'placed') return false
    }
    if (isBroken) deps.logger.error({ orderId, chargeId, before }, 'a charge that was over took money')
    if (taking !== null && order.status === 'placed') await received(tx, deps, order, charge)
    else if (taking !== null && tookMoney) await giveBack(tx, deps, order, charge, taking)
    else await notReceived(tx, deps, order, charge)
    return true
  })
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

/** Has the money of an order that is over given back: by the provider what was asked for, by staff what was not. */
async function giveBack(
  tx: Queryable,
  deps: OrdersDeps,
  order: OrderRow,
  charge: Charge,
  taking: Taking,
): Promise<void> {
  const asked = { amount: order.payment.amount, currency: order.currency }
  const { isAsAsked, paid, byHand } = taking
  order.payment.amount = paid
  await settlePayment(tx, deps, order, charge)
  const why = isAsAsked
    ? `paid after the order was ${order.status}`
    : 'another amount was charged than was asked for'
  const refund = { reason: why, actor: 'system' }
  if (paid > 0) await requestRefund(tx, deps, order, { ...refund, amount: paid })
  if (byHand !== null) await requestByHand(tx, deps, order, { ...refund, ...byHand })
  await moveOrder(tx, deps, order, { reason: givenBackText(asked, taking), actor: 'provider' })
}

async function notReceived(tx: Queryable, deps: OrdersDeps, order: OrderRow, charge: Charge): Promise<void> {
  // A charge of nothing is none.
  await settlePayment(tx, deps, order, charge.status === 'charged' ? { ...charge, status: 'void' } : charge)
  if (order.status !== 'placed') {
    return moveOrder(tx, deps, order, { reason: 'no money was taken', actor: 'provider' })
  }
  await releaseHolds(tx, deps, order.id, 'system')
  await closeLines(tx, order.id)
  const to = charge.status === 'declined' ? 'declined' : 'expired'
  const reason =
    charge.reason === ''
      ? `the payment was ${charge.status}`
      : `the payment was ${charge.status}: ${charge.reason}`
  return moveOrder(tx, deps, order, { to, reason, actor: 'provider', mail: true })
}
