import type { OrdersDeps } from '../deps.ts'
import { giveUpOrder } from './give-up-order.ts'
import { lockOrder } from './order-row.ts'
import { voidUnattempted } from './void-unattempted.ts'

/** Gives up an order whose time to be paid is over, whatever became of its charge: that is settled afterwards. */
export function expireOrder(deps: OrdersDeps, orderId: string): Promise<void> {
  return deps.database.transaction(async (tx) => {
    const order = await lockOrder(tx, orderId)
    if (order?.status !== 'placed' || order.holdUntil === null) return
    if (new Date(order.holdUntil) > deps.now()) return
    await voidUnattempted(tx, deps, order)
    const reason = 'it was not paid in time'
    await giveUpOrder(tx, deps, order, { to: 'expired', reason, actor: 'system' })
  })
}
