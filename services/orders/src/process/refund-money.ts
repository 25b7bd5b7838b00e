import { type Queryable, sql } from '@colophon/postgres'
import type { OrdersDeps } from '../deps.ts'
import { issueCreditNote } from '../invoices/issue-credit-note.ts'
import { formatMoney } from '../rules/money-text.ts'
import { isAllGivenBack } from './all-given-back.ts'
import { moveOrder } from './move.ts'
import { lockOrder } from './order-row.ts'

interface Refund {
  id: string
  amount: number
}

/**
 * Gives back what is to be given back of an order, refund by refund.
 * @throws PaymentError when it is not known whether the provider did it: to be done again
 */
export async function refundMoney(deps: OrdersDeps, orderId: string): Promise<void> {
  const pending = await deps.database.query<Refund & { chargeId: string; currency: string }>(sql`
    select refund.id, refund.amount, payment.charge_id as "chargeId", payment.currency
    from orders.refunds refund join orders.payments payment on payment.order_id = refund.order_id
    where refund.order_id = ${orderId} and refund.status = 'pending' and payment.status = 'charged'
    order by refund.created_at, refund.id`)
  for (const { id, amount, chargeId, currency } of pending) {
    const { refundId } = await deps.payments.refund({ key: `refund-${id}`, chargeId, amount, currency })
    await recordRefund(deps, orderId, { id, amount }, refundId)
  }
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

async function markDone(
  tx: Queryable,
  { now }: OrdersDeps,
  id: string,
  providerId: string,
): Promise<boolean> {
  const marked = await tx.query(sql`
    update orders.refunds set status = 'done', provider_id = ${providerId}, done_at = ${now()}
    where id = ${id} and status = 'pending' returning id`)
  return marked.length > 0
}
