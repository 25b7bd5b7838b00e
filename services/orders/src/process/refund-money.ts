import { type Queryable, sql } from '@colophon/postgres'
import type { OrdersDeps } from '../deps.ts'
import { issueCreditNote } from '../invoices/issue-credit-note.ts'
import { PaymentError } from '../payments/port.ts'
import { formatMoney } from '../rules/money-text.ts'
import { isAllGivenBack } from './all-given-back.ts'
import { moveOrder } from './move.ts'
import { lockOrder } from './order-row.ts'

interface Refund {
  id: string
  amount: number
}

interface Pending extends Refund {
  chargeId: string
  currency: string
}

/**
 * Gives back what is to be given back of an order, refund by refund: one that fails keeps no other waiting. One that the
 * provider refuses for good is over with that; staff may ask for another.
 * @throws PaymentError for the first of which it is not known whether the provider did it: to be done again
 */
export async function refundMoney(deps: OrdersDeps, orderId: string): Promise<void> {
  const pending = await deps.database.query<Pending>(sql`
    select refund.id, refund.amount, payment.charge_id as "chargeId", payment.currency
    from orders.refunds refund join orders.payments payment on payment.order_id = refund.order_id
    where refund.order_id = ${orderId} and refund.status = 'pending' and payment.status = 'charged'
    order by refund.created_at, refund.id`)
  const failures: unknown[] = []
  for (const refund of pending) {
    await giveBack(deps, orderId, refund).catch((error: unknown) => failures.push(error))
  }
  if (failures.length > 0) throw failures[0]
}

async function giveBack(deps: OrdersDeps, orderId: string, refund: Pending): Promise<void> {
  const { id, amount, chargeId, currency } = refund
  const answer = await deps.payments
    .refund({ key: `refund-${id}`, chargeId, amount, currency })
    .catch((error: unknown) => {
      if (error instanceof PaymentError && error.code === 'refused') return error
      throw error
    })
  if (answer instanceof PaymentError) await recordRefusal(deps, orderId, refund, answer.message)
  else await recordRefund(deps, orderId, refund, answer.refundId)
}

/** Heard again, it changes nothing. */
function recordRefund(deps: OrdersDeps, orderId: string, refund: Refund, providerId: string): Promise<void> {
  return deps.database.transaction(async (tx) => {
    const order = await lockOrder(tx, orderId)
    if (order === undefined || !(await markDone(tx, deps, refund.id, providerId))) return
    order.refunded += refund.amount
    await tx.query(sql`update orders.orders set refunded = ${order.refunded} where id = ${orderId}`)
    await moveOrder(tx, deps, order, {
      ...(isAllGivenBack(order) && { to: 'refunded' }),
      reason: `${formatMoney(refund.amount, order.currency)} given back`,
      actor: 'provider',
      mail: true,
    })
    await issueCreditNote(tx, deps, order, refund)
  })
}

/**
 * Heard again, it changes nothing. It is an entry of the history, and no mail: staff are to see to it first, and the
 * money may be back already by another way.
 */
async function recordRefusal(
  deps: OrdersDeps,
  orderId: string,
  refund: Refund,
  reason: string,
): Promise<void> {
  const isNews = await deps.database.transaction(async (tx) => {
    const order = await lockOrder(tx, orderId)
    if (order === undefined || !(await markRefused(tx, refund.id, reason))) return false
    const money = formatMoney(refund.amount, order.currency)
    await moveOrder(tx, deps, order, {
      reason: `${money} could not be given back: the payment provider refuses it`,
      actor: 'provider',
    })
    return true
  })
  if (isNews)
    deps.logger.error({ orderId, refundId: refund.id, reason }, 'a refund is refused: staff are to see to it')
}

async function markDone(
  tx: Queryable,
  { now }: OrdersDeps,
  id: string,
  providerId: string,
): Promise<boolean> {
  const marked = await tx.query(sql`
    update orders.refunds set status = 'done', refusal = null, provider_id = ${providerId}, done_at = ${now()}
    where id = ${id} and status <> 'done' returning id`)
  return marked.length > 0
}

async function markRefused(tx: Queryable, id: string, reason: string): Promise<boolean> {
  const marked = await tx.query(sql`
    update orders.refunds set status = 'refused', refusal = ${reason}
    where id = ${id} and status = 'pending' returning id`)
  return marked.length > 0
}
