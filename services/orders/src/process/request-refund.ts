import { type Queryable, sql } from '@colophon/postgres'
import type { OrdersDeps } from '../deps.ts'
import type { OrderRow } from './order-row.ts'
import type { RefundItem } from './refund-items.ts'
import { refundable } from './refundable.ts'

type Deps = Pick<OrdersDeps, 'newId' | 'now'>

export interface RequestRefund {
  /** Minor units: of what was paid and is not given back, nor about to be, but where there is a `refusal`. */
  amount: number
  reason: string
  actor: string
  /** What it is for; absent when it is for nothing in particular. Together they are the amount. */
  items?: readonly RefundItem[]
  /** What staff are told to do where it is beyond what the order books; absent where the provider is asked. */
  refusal?: string
}

export interface RequestedRefund {
  id: string
  amount: number
}

/**
 * Writes down that money is to be given back: the order's next step then does it. What is beyond what the order books,
 * which is its total, is refused from the start, and owed until staff, who give it back at the provider, withdraw it.
 * @returns the refund's id
 */
export async function requestRefund(
  tx: Queryable,
  { newId, now }: Deps,
  order: Pick<OrderRow, 'id'>,
  { amount, reason, actor, items = [], refusal }: RequestRefund,
): Promise<string> {
  const id = newId()
  const [status, attempt] = refusal === undefined ? ['pending', 1] : ['refused', 0]
  await tx.query(sql`
    insert into orders.refunds (id, order_id, amount, reason, actor, items, status, attempt, refusal, created_at)
    values (${id}, ${order.id}, ${amount}, ${reason}, ${actor}, ${JSON.stringify(items)}, ${status}, ${attempt},
      ${refusal ?? null}, ${now()})`)
  return id
}

/**
 * Has what these items cost given back, as far as it was paid and is not given back already.
 * @returns null when nothing is left to be given back
 */
export async function requestShare(
  tx: Queryable,
  deps: Deps,
  order: OrderRow,
  { items, reason, actor }: Pick<RequestRefund, 'reason' | 'actor'> & { items: readonly RefundItem[] },
): Promise<RequestedRefund | null> {
  const cost = items.reduce((sum, item) => sum + item.amount, 0)
  const amount = Math.min(cost, await refundable(tx, order))
  if (amount === 0) return null
  const id = await requestRefund(tx, deps, order, {
    amount,
    reason,
    actor,
    ...(amount === cost && { items }),
  })
  return { id, amount }
}
