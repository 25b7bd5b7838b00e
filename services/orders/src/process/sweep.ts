import { type Queryable, sql } from '@colophon/postgres'
import type { OrdersDeps } from '../deps.ts'
import { dueAfter, nextStep, type Standing } from './next-steps.ts'
import { sendSteps } from './steps.ts'

const batchSize = 500

/**
 * Sends the next step of every order that has stood still for too long: one whose hold is over, or whose step was lost
 * or has failed. Any number of processes may do it at once.
 * @returns how many were moved on
 */
export async function sweep(deps: OrdersDeps): Promise<number> {
  for (let total = 0; ; ) {
    const swept = await deps.database.transaction((tx) => sweepBatch(tx, deps))
    total += swept
    if (swept < batchSize) return total
  }
}

type DueRow = Omit<Standing, 'holdUntil'> & { id: string; holdUntil: string | null; nudges: number }

async function sweepBatch(tx: Queryable, deps: OrdersDeps): Promise<number> {
  const now = deps.now()
  const due = await tx.query<DueRow>(
    sql`select o.id, o.status, o.hold_until as "holdUntil", o.nudges, payment.status as payment,
        (select count(*) from orders.refunds refund where refund.order_id = o.id and refund.status = 'pending')
          as "pendingRefunds"
      from orders.orders o join orders.payments payment on payment.order_id = o.id
      where o.due_at <= ${now} order by o.due_at limit ${batchSize} for update of o skip locked`,
    { name: 'orders.sweep' },
  )
  const moved = due.map((row) => moveOn(row, now))
  await tx.query(sql`
    update orders.orders o set due_at = moved.due_at, nudges = nudges + 1
    from unnest(${moved.map(({ orderId }) => orderId)}::uuid[], ${moved.map(({ dueAt }) => dueAt)}::timestamptz[])
      as moved (id, due_at) where o.id = moved.id`)
  const steps = moved.flatMap(({ orderId, step }) => (step === null ? [] : [{ orderId, step }]))
  if (steps.length > 0) await sendSteps(tx, deps, steps)
  return due.length
}

/** What an order's next step is, and when it is to be seen to again. */
function moveOn({ id, nudges, ...row }: DueRow, now: Date) {
  const standing = { ...row, holdUntil: row.holdUntil === null ? null : new Date(row.holdUntil) }
  const step = nextStep(standing, now)
  return { orderId: id, step, dueAt: step === null ? null : dueAfter(standing, nudges + 1, now) }
}
