import { type Queryable, sql } from '@colophon/postgres'
import type { OrdersDeps } from '../deps.ts'
import { dueAfter, nextStep, type Standing } from './next-steps.ts'
import { sendStep } from './steps.ts'

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
  for (const { id, nudges, ...standing } of due) {
    const holdUntil = standing.holdUntil === null ? null : new Date(standing.holdUntil)
    const step = nextStep({ ...standing, holdUntil }, now)
    const next = step === null ? null : dueAfter({ ...standing, holdUntil }, nudges + 1, now)
    await tx.query(sql`update orders.orders set due_at = ${next}, nudges = nudges + 1 where id = ${id}`)
    if (step !== null) await sendStep(tx, deps, id, step)
  }
  return due.length
}
