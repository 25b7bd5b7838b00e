import { sql } from '@colophon/postgres'
import type { OrdersDeps } from '../deps.ts'
import { recordCharge } from './settlement.ts'
import { holdingStatuses } from './states.ts'

/**
 * Finds out what became of the charge of an order that is over, and sees to it that it takes no money any more: what
 * it took is given back.
 * @throws PaymentError when it is not known: to be done again
 */
export async function settleCharge(deps: OrdersDeps, orderId: string): Promise<void> {
  const payment = await deps.database.maybeOne<{ key: string }>(sql`
    select payment.key from orders.payments payment join orders.orders o on o.id = payment.order_id
    where o.id = ${orderId} and payment.status = 'pending' and o.status <> all(${holdingStatuses}::text[])`)
  if (payment === undefined) return
  await recordCharge(deps, orderId, await deps.payments.void(payment.key))
}
