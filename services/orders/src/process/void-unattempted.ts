import { type Queryable, sql } from '@colophon/postgres'
import type { OrdersDeps } from '../deps.ts'
import type { OrderRow } from './order-row.ts'

/** Ends a charge of which the provider has never heard: nobody needs to be asked. The order is locked. */
export async function voidUnattempted(
  tx: Queryable,
  { now }: Pick<OrdersDeps, 'now'>,
  { id, payment }: OrderRow,
): Promise<void> {
  if (payment.status !== 'pending' || payment.attemptedAt !== null) return
  payment.status = 'void'
  await tx.query(sql`
    update orders.payments set status = 'void', token = null, settled_at = ${now()} where order_id = ${id}`)
}
