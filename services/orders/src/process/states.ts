/**
 * What an order can be, and what it can become: the one table of legal moves. The drawing in docs/orders.md is made
 * from it.
 *
 * - `placed`: accepted, its copies held, not paid yet.
 * - `paid`: the money is ours; the copies are still held.
 * - `confirmed`: the copies are the buyer's, to be shipped.
 * - `partly_shipped`, `shipped`: on its way; e-books are shipped as they are confirmed.
 * - `returned`: everything that was shipped has come back.
 * - `declined`: the provider did not give the money. `expired`: it was not paid in time, another amount was charged
 *   than was asked for (0 too), or the provider calls the charge void. `cancelled`: by customer or staff. The copies are
 *   free again; money that came, or comes yet, is given back.
 * - `refunded`: nothing of it is sold any more, and all that was paid of its total is given back.
 */
export const moves = {
  placed: ['paid', 'declined', 'expired', 'cancelled'],
  paid: ['confirmed', 'cancelled'],
  confirmed: ['partly_shipped', 'shipped', 'cancelled'],
  partly_shipped: ['shipped', 'returned'],
  shipped: ['returned'],
  returned: ['refunded'],
  declined: [],
  expired: ['refunded'],
  cancelled: ['refunded'],
  refunded: [],
} as const satisfies Record<string, readonly string[]>

export type OrderStatus = keyof typeof moves

export const statuses = Object.keys(moves) as OrderStatus[]

/** Whether the table has the move. */
export function isLegal(from: OrderStatus, to: OrderStatus): boolean {
  return (moves[from] as readonly string[]).includes(to)
}

/** The states in which an order's copies are only held. */
export const holdingStatuses: readonly OrderStatus[] = ['placed', 'paid']

/** The states in which copies are the buyer's and not all of them are sent: what is not there yet is waited for. */
export const openStatuses: readonly OrderStatus[] = ['confirmed', 'partly_shipped']

export function isHolding(status: OrderStatus): boolean {
  return holdingStatuses.includes(status)
}
