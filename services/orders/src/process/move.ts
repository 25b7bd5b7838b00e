import { type Queryable, sql } from '@colophon/postgres'
import type { OrdersDeps } from '../deps.ts'
import { dueAfter, nextStep } from './next-steps.ts'
import type { OrderRow } from './order-row.ts'
import { isLegal, type OrderStatus } from './states.ts'
import { sendStep, wantMail } from './steps.ts'

/** What becomes of an order. */
export interface Change {
  /** What it is from now on; what it was for what changes no state, such as a partial refund. */
  to?: OrderStatus
  /** Why, for the buyer: it is shown in the history. */
  reason: string
  /** An account's id, 'guest', 'system' or 'provider'. */
  actor: string
  /** Whether the buyer is told by mail. */
  mail?: boolean
}

/**
 * Writes down what became of an order that is locked, and sends what is to follow, in the transaction that did it: the
 * only writer of an order's status. The row that was given is brought up to date.
 * @throws Error for a move that the table does not have: a mistake of the program, since its callers look first
 */
export async function moveOrder(
  tx: Queryable,
  deps: Pick<OrdersDeps, 'now' | 'outbox'>,
  order: OrderRow,
  { to = order.status, reason, actor, mail = false }: Change,
): Promise<void> {
  if (to !== order.status && !isLegal(order.status, to)) {
    throw new Error(`order ${order.id} cannot become ${to}, since it is ${order.status}`)
  }
  const now = deps.now()
  order.status = to
  order.version += 1
  const step = await stepAfter(tx, order, now)
  const dueAt = step === null ? null : dueAfter({ status: to, holdUntil: holdUntilOf(order) }, 0, now)
  await tx.query(sql`
    update orders.orders
    set status = ${to}, version = ${order.version}, hold_until = ${to === 'placed' ? order.holdUntil : null},
      due_at = ${dueAt}, nudges = 0, updated_at = ${now}
    where id = ${order.id}`)
  await tx.query(sql`
    insert into orders.order_history (order_id, seq, status, reason, actor, at)
    values (${order.id}, ${order.version}, ${to}, ${reason}, ${actor}, ${now})`)
  if (step !== null) await sendStep(tx, deps, order.id, step)
  if (mail) await wantMail(tx, deps, order.id, order.version)
}

/** What is to follow, by what the transaction has written so far. */
async function stepAfter(tx: Queryable, order: OrderRow, now: Date) {
  const { status, payment } = order
  const { count } = await tx.one<{ count: number }>(sql`
    select count(*) as count from orders.refunds where order_id = ${order.id} and status = 'pending'`)
  return nextStep(
    { status, holdUntil: holdUntilOf(order), payment: payment.status, pendingRefunds: count },
    now,
  )
}

function holdUntilOf({ holdUntil }: OrderRow): Date | null {
  return holdUntil === null ? null : new Date(holdUntil)
}
