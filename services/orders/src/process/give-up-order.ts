import type { Queryable } from '@colophon/postgres'
import type { OrdersDeps } from '../deps.ts'
import { releaseHolds } from '../stock/order-stock.ts'
import { closeLines } from './close-lines.ts'
import { type Change, moveOrder } from './move.ts'
import type { OrderRow } from './order-row.ts'

/** Ends an order that is placed and will not be paid, which is locked: its copies are free, and its buyer is told. */
export async function giveUpOrder(
  tx: Queryable,
  deps: OrdersDeps,
  order: OrderRow,
  change: Omit<Change, 'mail'> & { to: 'declined' | 'expired' },
): Promise<void> {
  await releaseHolds(tx, deps, order.id, 'system')
  await closeLines(tx, order.id)
  await moveOrder(tx, deps, order, { ...change, mail: true })
}
