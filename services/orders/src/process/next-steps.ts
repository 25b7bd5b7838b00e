import type { PaymentRow } from './order-row.ts'
import type { OrderStatus } from './states.ts'

/** What a task does to move an order on. */
export type Step =
  /** Take the money, or ask what became of it. */
  | 'charge'
  /** Make the held copies the buyer's. */
  | 'confirm'
  /** Give up an order that was not paid in time. */
  | 'expire'
  /** Find out what became of a charge whose order is over, and see to it that no money stays. */
  | 'settle'
  /** Give back what is to be given back. */
  | 'refund'

/** What decides how an order goes on. */
export interface Standing {
  status: OrderStatus
  /** When a placed order gives up its holds. */
  holdUntil: Date | null
  payment: PaymentRow['status']
  /** Refunds that the provider has not confirmed. */
  pendingRefunds: number
}

/** What is to be done next without anybody asking for it; null when nothing is. */
export function nextStep({ status, holdUntil, payment, pendingRefunds }: Standing, now: Date): Step | null {
  if (status === 'placed') return holdUntil !== null && holdUntil <= now ? 'expire' : 'charge'
  if (status === 'paid') return 'confirm'
  if (payment === 'pending') return 'settle'
  return pendingRefunds > 0 ? 'refund' : null
}

/** Milliseconds after which the sweeper sees whether a step was done: longer after each time it was not. */
export function patience(nudges: number): number {
  return Math.min(60 * 60_000, 60_000 * 2 ** Math.min(nudges, 6))
}

/** When the sweeper is to see to an order again: no later than its holds end. */
export function dueAfter(
  { status, holdUntil }: Pick<Standing, 'status' | 'holdUntil'>,
  nudges: number,
  now: Date,
): Date {
  const due = now.getTime() + patience(nudges)
  const isHeld = status === 'placed' && holdUntil !== null && holdUntil > now
  return new Date(isHeld ? Math.min(due, holdUntil.getTime()) : due)
}
