import type { Acknowledged } from './buyers.ts'

/** What an order may be at rest: nobody ships here, but e-books are shipped as their order is confirmed. */
export const [sold, over] = [
  ['confirmed', 'partly_shipped', 'shipped'],
  ['declined', 'expired', 'cancelled', 'refunded'],
]

/** What became of an order, as the database has it. */
export interface Outcome {
  status: string
  /** Copies that were cancelled. */
  cancelled: number
  /** Minor units that were given back. */
  refunded: number
}

/** Whether an order is at rest what its token makes of it, and what its cancel was answered. */
export function isRightOutcome(
  { token, cancel }: Pick<Acknowledged, 'token' | 'cancel'>,
  found: Outcome,
): boolean {
  const { status, cancelled, refunded } = found
  switch (cancel) {
    case 'cancelled':
      return status === (refunded > 0 ? 'refunded' : 'cancelled')
    case 'refunded':
      return status === 'refunded' && refunded > 0
    // Its e-books were delivered, and the rest was cancelled.
    case 'shipped':
      return status === 'shipped' && cancelled > 0 && refunded > 0
    case null:
    case 'order_state':
      break
    // It was answered, and not done.
    default:
      return false
  }
  if (token === 'tok_decline') return status === 'declined'
  // Every other takes the money, sooner or later. A cancel is refused only when nothing is left to be sent.
  const kept = cancel === 'order_state' ? ['shipped'] : sold
  return kept.includes(status) && cancelled === 0 && refunded === 0
}
