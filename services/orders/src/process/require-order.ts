import type { Queryable } from '@colophon/postgres'
import { ordersProblem } from '../problems.ts'
import { lockOrder, type OrderRow } from './order-row.ts'
import type { OrderStatus } from './states.ts'

/** Holds an order until the transaction ends. @throws Problem order_not_found */
export async function requireOrder(tx: Queryable, id: string): Promise<OrderRow> {
  const order = await lockOrder(tx, id)
  if (order === undefined) throw ordersProblem('order_not_found', `there is no order ${id}`)
  return order
}

/** What answers a move that the order's state does not allow. */
export function wrongState({ status }: Pick<OrderRow, 'status'>, rule: string) {
  return ordersProblem('order_state', `it is ${status}: ${rule}`, { extra: { orderStatus: status } })
}

/**
 * Lets on only what is in one of these states.
 * @param rule what holds, for people
 * @throws Problem order_state
 */
export function requireState(order: OrderRow, states: readonly OrderStatus[], rule: string): void {
  if (!states.includes(order.status)) throw wrongState(order, rule)
}
