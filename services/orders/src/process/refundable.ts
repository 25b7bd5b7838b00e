import { type Queryable, sql } from '@colophon/postgres'
import { ordersProblem } from '../problems.ts'
import { formatMoney } from '../rules/money-text.ts'
import type { OrderRow } from './order-row.ts'

/** What was paid for an order and is neither given back nor about to be, in minor units. */
export async function refundable(tx: Queryable, order: OrderRow): Promise<number> {
  return leftOf(order, await pendingOf(tx, order))
}

/**
 * Lets on only what can still be given back of an order that is locked.
 * @param amount in minor units
 * @param path the field that says so, where one does
 * @throws Problem refund_too_large
 */
export async function requireRefundable(
  tx: Queryable,
  order: OrderRow,
  amount: number,
  path?: string,
): Promise<void> {
  const pending = await pendingOf(tx, order)
  const left = leftOf(order, pending)
  if (amount <= left) return
  const { currency, refunded } = order
  const text = [
    `${formatMoney(left, currency)} can still be given back`,
    ...(pending > 0 ? [`${formatMoney(pending, currency)} is being given back`] : []),
    ...(refunded > 0 ? [`${formatMoney(refunded, currency)} was given back`] : []),
  ]
  const errors = path && [{ path, code: 'too_large', message: `must be at most ${left}` }]
  throw ordersProblem('refund_too_large', text.join(', '), {
    ...(errors && { errors }),
    extra: { left: { amount: left, currency } },
  })
}

/** Never less than nothing: a refund that was withdrawn may be given back after all. */
function leftOf({ payment, refunded }: OrderRow, pending: number): number {
  return payment.status === 'charged' ? Math.max(0, payment.amount - refunded - pending) : 0
}

async function pendingOf(tx: Queryable, order: OrderRow): Promise<number> {
  const { pending } = await tx.one<{ pending: number }>(sql`
    select coalesce(sum(amount), 0)::bigint as pending from orders.refunds
    where order_id = ${order.id} and status = 'pending'`)
  return pending
}
