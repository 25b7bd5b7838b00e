import type { Queryable } from '@colophon/postgres'
import type { OrdersDeps } from '../deps.ts'
import { moveOrder } from './move.ts'
import type { OrderRow } from './order-row.ts'
import { isLegal } from './states.ts'

/** Whether nothing of an order is sold any more and all its money is given back. */
export function isAllGivenBack({ status, refunded, payment }: OrderRow): boolean {
  return (
    payment.status === 'charged' && refunded > 0 && refunded === payment.amount && isLegal(status, 'refunded')
  )
}

/** Ends an order whose money was all given back before its last copies were. It is locked. */
export async function endWhenGivenBack(tx: Queryable, deps: OrdersDeps, order: OrderRow): Promise<void> {
  if (!isAllGivenBack(order)) return
  await moveOrder(tx, deps, order, { to: 'refunded', reason: 'all money was given back', actor: 'system' })
}
