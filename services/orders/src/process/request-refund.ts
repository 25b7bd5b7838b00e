import { type Queryable, sql } from '@colophon/postgres'
import type { OrdersDeps } from '../deps.ts'
import type { OrderRow } from './order-row.ts'
import type { RefundItem } from './refund-items.ts'
import { refundable } from './refundable.ts'

type Deps = Pick<OrdersDeps, 'newId' | 'now'>

export interface RequestRefund {
  /** Minor units, of what was paid and is not given back, nor about to be. */
  amount: number
  reason: string
  actor: string
  /** What it is for; absent when it is for nothing in particular. Together they are the amount. */
  items?: readonly RefundItem[]
}

export interface RequestedRefund {
  id: string
  amount: number
}

/** Writes down that money is to be given back: the order's next step then does it. @returns the refund's id */
export async function requestRefund(
  tx: Queryable,
  { newId, now }: Deps,
  order: Pick<OrderRow, 'id'>,
  { amount, reason, actor, items = [] }: RequestRefund,
): Promise<string> {
  const id = newId()
  await tx.query(sql`
    insert into orders.refunds (id, order_id, amount, reason, actor, items, status, created_at)
    values (${id}, ${order.id}, ${amount}, ${reason}, ${actor}, ${JSON.stringify(items)}, 'pending', ${now()})`)
  return id
}

/**
 * Writes down money that nobody can ask the provider for: the refund is refused from the start, and owed until staff,
 * who give it back there, withdraw it.
 * @param refund its refusal is what staff are told to do
 */
export async function requestByHand(
  tx: Queryable,
  { newId, now }: Deps,
  order: Pick<OrderRow, 'id'>,
  { amount, reason, actor, refusal }: Omit<RequestRefund, 'items'> & { refusal: string },
): Promise<void> {
  await tx.query(sql`
    insert into orders.refunds (id, order_id, amount, reason, actor, status, refusal, attempt, created_at)
    values (${newId()}, ${order.id}, ${amount}, ${reason}, ${actor}, 'refused', ${refusal}, 0, ${now()})`)
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
