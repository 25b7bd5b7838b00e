import { type Queryable, sql } from '@colophon/postgres'
import type { OrdersDeps } from '../deps.ts'
import { commitHolds } from '../stock/order-stock.ts'
import { moveOrder } from './move.ts'
import { lockOrder, readLines } from './order-row.ts'

/** Makes the copies of an order that is paid the buyer's. E-books are delivered with that. */
export function confirmOrder(deps: OrdersDeps, orderId: string): Promise<void> {
  return deps.database.transaction(async (tx) => {
    const order = await lockOrder(tx, orderId)
    if (order?.status !== 'paid') return
    await commitHolds(tx, deps, orderId)
    await moveOrder(tx, deps, order, {
      to: 'confirmed',
      reason: 'the order is confirmed',
      actor: 'system',
      mail: true,
    })
    const delivered = await deliverEbooks(tx, orderId)
    if (!delivered) return
    const lines = await readLines(tx, orderId)
    const to = lines.every(({ quantity, shipped }) => shipped === quantity) ? 'shipped' : 'partly_shipped'
    await moveOrder(tx, deps, order, { to, reason: 'the e-books are delivered', actor: 'system' })
  })
}

/** @returns whether there were any */
async function deliverEbooks(tx: Queryable, orderId: string): Promise<boolean> {
  const lines = await tx.query(sql`
    update orders.order_lines set allocated = quantity, shipped = quantity
    where order_id = ${orderId} and not tracked returning position`)
  return lines.length > 0
}
