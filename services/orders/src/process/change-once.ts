import type { Queryable } from '@colophon/postgres'
import type { OrdersDeps } from '../deps.ts'
import { claimKey, keepKey, keyedRequest } from '../idempotency.ts'
import type { OrderRow } from './order-row.ts'
import { requireOrder } from './require-order.ts'

/** What staff do to an order, once per Idempotency-Key. */
export interface KeyedChange {
  operation: 'ship' | 'return' | 'refund' | 'end_refusal'
  orderId: string
  /** An account's id. */
  actor: string
  idempotencyKey: string
  /** What was asked, to be compared with what the key was used for before. */
  request: Readonly<Record<string, unknown>>
}

/**
 * Does something to an order in one transaction that holds the order; sent again with the same key, it does nothing.
 * @param work returns the id of what it has made
 * @throws Problem order_not_found, idempotency_key_in_flight, idempotency_key_reused
 */
export async function changeOnce(
  deps: OrdersDeps,
  { operation, orderId, actor, idempotencyKey: key, request }: KeyedChange,
  work: (tx: Queryable, order: OrderRow) => Promise<string>,
): Promise<void> {
  const asked = { ...request, orderId: orderId.toLowerCase() }
  const keyed = keyedRequest(`${operation}:${actor}`, key, asked)
  await deps.database.transaction(async (tx) => {
    if ((await claimKey(tx, keyed)) !== null) return
    const order = await requireOrder(tx, orderId)
    // Behind what may have taken a number that others wait for: it waits for nobody, since the key is claimed.
    await keepKey(tx, deps, keyed, await work(tx, order))
  })
  deps.outbox.nudge()
}
