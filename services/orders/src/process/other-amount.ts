// A charge of another amount than was asked for: a mistake of what stands between the shop and its provider.
import { type Queryable, sql } from '@colophon/postgres'
import type { OrdersDeps } from '../deps.ts'
import type { Charge } from '../payments/port.ts'
import { formatMoney } from '../rules/money-text.ts'
import { moveOrder } from './move.ts'
import type { OrderRow } from './order-row.ts'
import { requestRefund } from './request-refund.ts'

/** What was charged in place of what; null when it is what was asked for. */
export function otherAmount({ payment, currency }: OrderRow, { status, took }: Charge): string | null {
  if (status !== 'charged' || took === undefined) return null
  if (took.amount === payment.amount && took.currency === currency) return null
  return `${shown(took.amount, took.currency)} was charged in place of ${shown(payment.amount, currency)}`
}

function shown(amount: number, currency: string): string {
  return /^[A-Z]{3}$/.test(currency) ? formatMoney(amount, currency) : `${amount} ${currency}`
}

/**
 * Writes down, once for each charge, what of it is owed, as a refund that is refused: the shop cannot give back what it
 * has not asked for, and staff have done so before they withdraw it.
 * @param what as `otherAmount` says it
 * @returns whether it was news
 */
export async function recordOtherAmount(
  tx: Queryable,
  deps: OrdersDeps,
  order: OrderRow,
  { chargeId, took }: Charge,
  what: string,
): Promise<boolean> {
  const known = await tx.maybeOne(sql`
    select id from orders.refunds where order_id = ${order.id} and provider_id = ${chargeId}`)
  if (known !== undefined || took === undefined || took.amount <= 0) return false
  const reason = 'another amount was charged than was asked for'
  const id = await requestRefund(tx, deps, order, { amount: took.amount, reason, actor: 'provider' })
  await tx.query(sql`
    update orders.refunds set status = 'refused', refusal = ${`${what}: give it back at the provider`},
      provider_id = ${chargeId}
    where id = ${id}`)
  await moveOrder(tx, deps, order, { reason: `${what}, and is to be given back`, actor: 'provider' })
  deps.logger.error({ orderId: order.id, chargeId, refundId: id, what }, reason)
  return true
}
