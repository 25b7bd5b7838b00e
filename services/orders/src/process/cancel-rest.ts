import type { Queryable } from '@colophon/postgres'
import type { OrdersDeps } from '../deps.ts'
import { copiesText } from '../rules/copies-text.ts'
import { statusByLines } from '../rules/fulfilment.ts'
import { putBack } from '../stock/order-stock.ts'
import { endWhenGivenBack } from './all-given-back.ts'
import type { Cancellation } from './cancel-order.ts'
import { closeLines } from './close-lines.ts'
import { moveOrder } from './move.ts'
import { type LineRow, type OrderRow, readLines } from './order-row.ts'
import { openItems, shippingItems } from './refund-items.ts'
import { requestShare } from './request-refund.ts'

/**
 * Cancels what is not shipped of an order that is partly shipped, which is locked: copies go back, their share of the
 * money is given back, and that of the shipping where nothing but e-books was sent.
 */
export async function cancelRest(
  tx: Queryable,
  deps: OrdersDeps,
  order: OrderRow,
  lines: readonly LineRow[],
  { reason, actor }: Cancellation,
): Promise<void> {
  const copies = await closeLines(tx, order.id)
  await putBack(tx, deps, order.id, copies, { reason: 'cancellation', actor })
  const wasSent = lines.some(({ tracked, shipped }) => tracked && shipped > 0)
  const open = openItems(lines)
  const items = wasSent ? open : [...open, ...shippingItems(order)]
  await requestShare(tx, deps, order, { items, reason: 'the rest was cancelled', actor })
  const count = open.reduce((sum, { quantity }) => sum + (quantity ?? 0), 0)
  await moveOrder(tx, deps, order, {
    to: statusByLines(await readLines(tx, order.id)),
    reason: `${copiesText(count)} cancelled: ${reason}`,
    actor,
    mail: true,
  })
  await endWhenGivenBack(tx, deps, order)
}
