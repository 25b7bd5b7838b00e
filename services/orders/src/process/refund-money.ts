import { type Queryable, sql } from '@colophon/postgres'
import type { OrdersDeps } from '../deps.ts'
import { PaymentError } from '../payments/port.ts'
import { formatMoney } from '../rules/money-text.ts'
import { completeRefund } from './complete-refund.ts'
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
 * @throws whatever kept one from being given back, to be done again: before a PaymentError what else went wrong, and the
 * first of these; the others are logged
 */
export async function refundMoney(deps: OrdersDeps, orderId: string): Promise<void> {
  const pending = await deps.database.query<Pending>(sql`
    select refund.id, refund.amount, payment.charge_id as "chargeId", payment.currency
    from orders.refunds refund join orders.payments payment on payment.order_id = refund.order_id
    where refund.order_id = ${orderId} and refund.status = 'pending' and payment.status = 'charged'
    order by refund.created_at, refund.id`)
  const failures: { refundId: string; err: unknown }[] = []
  for (const refund of pending) {
    await giveBack(deps, orderId, refund).catch((err: unknown) => failures.push({ refundId: refund.id, err }))
  }
  const thrown = failures.find(({ err }) => !(err instanceof PaymentError)) ?? failures[0]
  if (thrown === undefined) return
  for (const failure of failures) {
    if (failure !== thrown)
      deps.logger.warn({ orderId, ...failure }, 'a refund failed, as did another of its order')
  }
  throw thrown.err
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
    if (order === undefined) return
    const reason = `${formatMoney(refund.amount, order.currency)} given back`
    await completeRefund(tx, deps, order, refund, { providerId, reason, actor: 'provider' })
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
    if (order === undefined || !(await markRefused(tx, deps, refund.id, reason))) return false
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

async function markRefused(tx: Queryable, { now }: OrdersDeps, id: string, reason: string): Promise<boolean> {
  const marked = await tx.query(sql`
    update orders.refunds set status = 'refused', refusal = ${reason}, refused_at = ${now()}
    where id = ${id} and status = 'pending' returning id`)
  return marked.length > 0
}
