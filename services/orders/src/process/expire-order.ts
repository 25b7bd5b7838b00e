import type { OrdersDeps } from '../deps.ts'
import { releaseHolds } from '../stock/order-stock.ts'
import { closeLines } from './close-lines.ts'
import { moveOrder } from './move.ts'
import { lockOrder } from './order-row.ts'
import { voidUnattempted } from './void-unattempted.ts'

/** Gives up an order whose time to be paid is over, whatever became of its charge: that is settled afterwards. */
export function expireOrder(deps: OrdersDeps, orderId: string): Promise<void> {
  return deps.database.transaction(async (tx) => {
    const order = await lockOrder(tx, orderId)
    if (order?.status !== 'placed' || order.holdUntil === null) return
    if (new Date(order.holdUntil) > deps.now()) return
    await releaseHolds(tx, deps, orderId, 'system')
    await closeLines(tx, orderId)
    await voidUnattempted(tx, deps, order)
    await moveOrder(tx, deps, order, {
      to: 'expired',
      reason: 'it was not paid in time',
      actor: 'system',
      mail: true,
    })
  })
}
