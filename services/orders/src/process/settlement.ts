// What the provider says of a charge, written down once, whoever heard it: a task, a webhook, an expiry, the sweeper.
import { type Queryable, sql } from '@colophon/postgres'
import type { OrdersDeps } from '../deps.ts'
import { issueInvoice } from '../invoices/issue-invoice.ts'
import type { Charge } from '../payments/port.ts'
import { releaseHolds } from '../stock/order-stock.ts'
import { closeLines } from './close-lines.ts'
import { moveOrder } from './move.ts'
import { lockOrder, type OrderRow } from './order-row.ts'
import { requestRefund } from './request-refund.ts'

/**
 * Writes down what became of an order's charge, and moves the order on. Heard again, it changes nothing. Money that
 * comes for an order which is over is given back, even where the provider had said that it would not come.
 * @returns whether it was news
 */
export function recordCharge(deps: OrdersDeps, orderId: string, charge: Charge): Promise<boolean> {
  return deps.database.transaction(async (tx) => {
    const order = await lockOrder(tx, orderId)
    if (order === undefined) return false
    const before = order.payment.status
    const isPaid = charge.status === 'charged' && order.payment.amount > 0
    const isBroken = isPaid && (before === 'declined' || before === 'void')
    if (before !== 'pending' && !isBroken) return false
    if (isPaid && isOfOtherAmount(order, charge)) {
      const { chargeId, took } = charge
      deps.logger.error({ orderId, chargeId, took }, 'another amount was charged than was asked for')
      // It pays for nothing: the order expires, and then its charge is given back as any that comes too late.
      if (order.status === 'placed') return false
    }
    if (isBroken)
      deps.logger.error({ orderId, chargeId: charge.chargeId, before }, 'a charge that was over took money')
    await settlePayment(tx, deps, order, charge)
    if (charge.status === 'charged') await received(tx, deps, order)
    else await notReceived(tx, deps, order, charge)
    return true
  })
}

/** Each that the provider tells is compared. */
function isOfOtherAmount({ payment, currency }: OrderRow, { took }: Charge): boolean {
  if (took === undefined) return false
  const isSame = took.currency === null || took.currency.toUpperCase() === currency
  return !isSame || (took.amount ?? payment.amount) !== payment.amount
}

async function settlePayment(tx: Queryable, { now }: OrdersDeps, order: OrderRow, charge: Charge) {
  const { status, chargeId, reason } = charge
  order.payment.status = status
  await tx.query(sql`
    update orders.payments
    set status = ${status}, charge_id = ${chargeId}, reason = ${reason}, token = null, settled_at = ${now()}
    where order_id = ${order.id}`)
}

async function received(tx: Queryable, deps: OrdersDeps, order: OrderRow): Promise<void> {
  if (order.status === 'placed') {
    await moveOrder(tx, deps, order, { to: 'paid', reason: 'the payment was received', actor: 'provider' })
    return issueInvoice(tx, deps, order)
  }
  const { amount } = order.payment
  if (amount > 0) {
    await requestRefund(tx, deps, order, {
      amount,
      reason: `paid after the order was ${order.status}`,
      actor: 'system',
    })
  }
  const reason = 'the payment came after the order was over: it is given back'
  return moveOrder(tx, deps, order, { reason, actor: 'provider' })
}

async function notReceived(tx: Queryable, deps: OrdersDeps, order: OrderRow, charge: Charge): Promise<void> {
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
