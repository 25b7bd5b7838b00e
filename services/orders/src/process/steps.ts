import { type Queryable, sql } from '@colophon/postgres'
import type { OrdersDeps } from '../deps.ts'
import type { Step } from './next-steps.ts'

/** The topic of outbox messages that are tasks: the relay sends them to the broker. */
export const taskTopic = 'task'

/** A task as the outbox carries it, behind what was sent with the same key before. @param task its name, such as `orders.charge` */
export function taskMessage(key: string, task: string, kwargs: Readonly<Record<string, unknown>>) {
  return { key, topic: taskTopic, payload: { task, kwargs } }
}

/** Sends what moves orders on, each behind what was sent about its order before. */
export function sendSteps(
  tx: Queryable,
  { outbox }: Pick<OrdersDeps, 'outbox'>,
  steps: readonly { orderId: string; step: Step }[],
): Promise<void> {
  return outbox.add(
    tx,
    steps.map(({ orderId, step }) =>
      taskMessage(`order ${orderId}`, `orders.${step}`, { order_id: orderId }),
    ),
  )
}

/** Sends what moves an order on. */
export function sendStep(
  tx: Queryable,
  deps: Pick<OrdersDeps, 'outbox'>,
  orderId: string,
  step: Step,
): Promise<void> {
  return sendSteps(tx, deps, [{ orderId, step }])
}

/** Milliseconds after which it is seen whether a mail that is wanted was sent. */
const mailPatience = 10 * 60_000

/** Has the mail about an entry of an order's history sent, once; `reconcile` sees to it should that be lost. */
export async function wantMail(
  tx: Queryable,
  deps: Pick<OrdersDeps, 'now' | 'outbox'>,
  orderId: string,
  seq: number,
): Promise<void> {
  const now = deps.now()
  await tx.query(sql`
    insert into orders.mails (order_id, seq, wanted_at, due_at)
    values (${orderId}, ${seq}, ${now}, ${new Date(now.getTime() + mailPatience)})`)
  await sendMail(tx, deps, orderId, seq)
}

/**
 * Sends the mail about an entry of an order's history. Its key is not that of the order's steps, so that none waits
 * behind a mail that is parked; who sends it again need not hold the order, since the task reads no sequence.
 */
export function sendMail(
  tx: Queryable,
  { outbox }: Pick<OrdersDeps, 'outbox'>,
  orderId: string,
  seq: number,
): Promise<void> {
  return outbox.add(tx, [taskMessage(`mail ${orderId}`, 'orders.mail', { order_id: orderId, seq })])
}
