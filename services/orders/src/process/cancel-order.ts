import { type Queryable, sql } from '@colophon/postgres'
import type { OrdersDeps } from '../deps.ts'
import { putBack, releaseHolds } from '../stock/order-stock.ts'
import { endWhenGivenBack } from './all-given-back.ts'
import { cancelRest } from './cancel-rest.ts'
import { closeLines } from './close-lines.ts'
import { moveOrder } from './move.ts'
import { type LineRow, type OrderRow, readLines } from './order-row.ts'
import { openItems, shippingItems } from './refund-items.ts'
import { requestShare } from './request-refund.ts'
import { requireOrder, wrongState } from './require-order.ts'
import { isHolding, isLegal } from './states.ts'
import { voidUnattempted } from './void-unattempted.ts'

export interface Cancellation {
  orderId: string
  reason: string
  /** An account's id, or 'guest'. */
  actor: string
  /** Staff cancel what is left of an order that is partly shipped, whatever was sent of it. */
  isStaff?: boolean
}

/**
 * Cancels an order of which nothing is shipped: copies go back, all money is given back. Where e-books were delivered,
 * that is the rest. One that is cancelled already stays as it is.
 * @throws Problem order_not_found, order_state
 */
export async function cancelOrder(deps: OrdersDeps, cancellation: Cancellation): Promise<void> {
  await deps.database.transaction(async (tx) => {
    const order = await requireOrder(tx, cancellation.orderId)
    const lines = await readLines(tx, order.id)
    if (await isDoneBefore(tx, order, lines, cancellation)) return
    if (isLegal(order.status, 'cancelled')) return cancelAll(tx, deps, order, lines, cancellation)
    if (order.status === 'partly_shipped' && mayCancelRest(lines, cancellation)) {
      return cancelRest(tx, deps, order, lines, cancellation)
    }
    throw wrongState(order, 'only what is not shipped can be cancelled')
  })
  deps.outbox.nudge()
}

/** E-books are delivered as the order is confirmed, and take nobody the right to cancel the books that are not sent yet. */
function mayCancelRest(lines: readonly LineRow[], { isStaff = false }: Cancellation): boolean {
  return isStaff || !lines.some(({ tracked, shipped }) => tracked && shipped > 0)
}

/** Whether a request is sent again, after whatever has happened since: its money was given back, say. */
async function isDoneBefore(
  tx: Queryable,
  { id, status }: OrderRow,
  lines: readonly LineRow[],
  cancellation: Cancellation,
): Promise<boolean> {
  if (status === 'cancelled') return true
  const isPart = lines.some(({ shipped }) => shipped > 0)
  if (isPart) return mayCancelRest(lines, cancellation) && lines.some(({ cancelled }) => cancelled > 0)
  if (status !== 'refunded') return false
  const { cancelled } = await tx.one<{ cancelled: boolean }>(sql`
    select exists (select from orders.order_history where order_id = ${id} and status = 'cancelled') as cancelled`)
  return cancelled
}

async function cancelAll(
  tx: Queryable,
  deps: OrdersDeps,
  order: OrderRow,
  lines: readonly LineRow[],
  { reason, actor }: Cancellation,
): Promise<void> {
  if (isHolding(order.status)) await releaseHolds(tx, deps, order.id, actor)
  const copies = await closeLines(tx, order.id)
  await putBack(tx, deps, order.id, copies, { reason: 'cancellation', actor })
  await voidUnattempted(tx, deps, order)
  const items = [...openItems(lines), ...shippingItems(order)]
  await requestShare(tx, deps, order, { items, reason: 'the order was cancelled', actor })
  await moveOrder(tx, deps, order, { to: 'cancelled', reason, actor, mail: true })
  await endWhenGivenBack(tx, deps, order)
}
