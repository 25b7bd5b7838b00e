import { type Queryable, sql } from '@colophon/postgres'
import type { OrdersDeps } from '../deps.ts'
import { issueCreditNote } from '../invoices/issue-credit-note.ts'
import { isAllGivenBack } from './all-given-back.ts'
import { moveOrder } from './move.ts'
import type { OrderRow } from './order-row.ts'
import type { RequestedRefund } from './request-refund.ts'

interface Completion {
  /** The provider's id of it; null when the buyer has the money by another way. */
  providerId: string | null
  reason: string
  actor: string
}

/** Writes down that the buyer has the money of a refund which is not done yet. Its order is locked. */
export async function completeRefund(
  tx: Queryable,
  deps: OrdersDeps,
  order: OrderRow,
  refund: RequestedRefund,
  { providerId, reason, actor }: Completion,
): Promise<void> {
  await tx.query(sql`
    update orders.refunds
    set status = 'done', refusal = null, provider_id = ${providerId}, elsewhere = ${providerId === null},
      done_at = ${deps.now()}
    where id = ${refund.id}`)
  order.refunded += refund.amount
  await tx.query(sql`update orders.orders set refunded = ${order.refunded} where id = ${order.id}`)
  const to = isAllGivenBack(order) ? { to: 'refunded' as const } : {}
  await moveOrder(tx, deps, order, { ...to, reason, actor, mail: true })
  await issueCreditNote(tx, deps, order, refund)
}
