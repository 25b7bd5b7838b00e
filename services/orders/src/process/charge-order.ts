import { sql } from '@colophon/postgres'
import type { OrdersDeps } from '../deps.ts'
import type { Charge } from '../payments/port.ts'
import { lockOrder } from './order-row.ts'
import { recordCharge } from './settlement.ts'

/**
 * Takes the money for an order that is placed. Nothing is locked while the provider works. After an attempt of which
 * nothing is known, the provider is asked before it is told anything.
 * @throws PaymentError when it is not known what happened: to be done again
 */
export async function chargeOrder(deps: OrdersDeps, orderId: string): Promise<void> {
  const attempt = await beginAttempt(deps, orderId)
  if (attempt === undefined) return
  const { key, amount, currency, token, isFirst } = attempt
  if (amount === 0) return void (await recordCharge(deps, orderId, nothing))
  const known = isFirst ? null : await deps.payments.find(key)
  const charge = known ?? (await deps.payments.charge({ key, amount, currency, token, reference: orderId }))
  await recordCharge(deps, orderId, charge)
}

/** What is taken for an order that costs nothing: no provider charges that. */
const nothing: Charge = { status: 'charged', chargeId: '', reason: '' }

/**
 * Notes, before the provider is asked, that it may know of the charge from now on; an order that costs nothing is never
 * noted, as no provider is asked. Undefined when there is nothing to charge any more: whoever ends the order holds the
 * same row, and finds either no attempt or one to be settled.
 */
function beginAttempt({ database, now }: OrdersDeps, orderId: string) {
  return database.transaction(async (tx) => {
    const order = await lockOrder(tx, orderId)
    if (order?.status !== 'placed' || order.payment.status !== 'pending') return undefined
    const { key, amount, token, attemptedAt } = order.payment
    if (amount > 0) {
      await tx.query(sql`
        update orders.payments set attempted_at = coalesce(attempted_at, ${now()}) where order_id = ${orderId}`)
    }
    return { key, amount, currency: order.currency, token: token ?? '', isFirst: attemptedAt === null }
  })
}
