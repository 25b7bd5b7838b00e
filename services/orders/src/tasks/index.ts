import type { Celery, RetryPolicy } from '@colophon/celery'
import { taskInput, uuid } from '@colophon/http'
import Type from 'typebox'
import type { OrdersDeps } from '../deps.ts'
import { forgetKeys } from '../idempotency.ts'
import { allocateCopies } from '../process/allocate-copies.ts'
import { chargeOrder } from '../process/charge-order.ts'
import { confirmOrder } from '../process/confirm-order.ts'
import { expireOrder } from '../process/expire-order.ts'
import { isMailDue, mailOrder } from '../process/mail-order.ts'
import { reconcile } from '../process/reconcile.ts'
import { refundMoney } from '../process/refund-money.ts'
import { settleCharge } from '../process/settle-charge.ts'
import { sweep } from '../process/sweep.ts'
import { forgetReports } from '../reports/forget-reports.ts'
import { orDeadLetter, orLeave } from './ending.ts'

/** Where tasks about orders wait. */
export const ordersQueue = 'orders'
/**
 * Where what asks the payment provider waits, so that a slow one keeps nothing else waiting: holds that are over, orders
 * that are paid, copies for who waits, the sweeper.
 */
export const paymentsQueue = 'payments'
/** Where mails to buyers wait, so that a mail server that answers nothing keeps no money waiting. */
export const mailsQueue = 'mails'

/**
 * Each may run twice: it is acknowledged when it is done, and looks at the order before it does anything. What fails is
 * tried again; what goes on failing is a dead letter.
 */
const retry = { max: 8, delay: 1, maxDelay: 60 } satisfies RetryPolicy
/** The sweeper sends an order's next step again anyway. */
const stepRetries = 4
/** Of what others send again anyway, later. */
const leaving = { most: retry.max }
const options = { queue: ordersQueue, ack: 'late', ignoreResult: true, softTimeLimit: 60, retry } as const

const OrderInput = taskInput(Type.Object({ order_id: uuid() }, { additionalProperties: false }))
const MailInput = taskInput(
  Type.Object({ order_id: uuid(), seq: Type.Integer({ minimum: 1 }) }, { additionalProperties: false }),
)
const BookInput = taskInput(Type.Object({ book_id: uuid() }, { additionalProperties: false }))

/** What moves an order on, by the task's name. */
const steps = {
  'orders.charge': { queue: paymentsQueue, step: chargeOrder },
  'orders.confirm': { queue: ordersQueue, step: confirmOrder },
  'orders.expire': { queue: ordersQueue, step: expireOrder },
  'orders.settle': { queue: paymentsQueue, step: settleCharge },
  'orders.refund': { queue: paymentsQueue, step: refundMoney },
}

/** What beat sends again and again, by the task's name. */
const rounds = {
  'orders.sweep': sweep,
  'orders.reconcile': reconcile,
  'orders.forget_keys': forgetKeys,
  'orders.forget_reports': forgetReports,
}

/** Defines the tasks that are done behind an answer. */
export function orderTasks(app: Celery, deps: OrdersDeps): void {
  for (const [name, { queue, step }] of Object.entries(steps)) {
    app.task({
      ...options,
      queue,
      retry: { ...retry, max: stepRetries },
      name,
      params: ['order_id'],
      input: OrderInput,
      run: ({ order_id }, context) =>
        afterwards(
          deps,
          orLeave(context, step(deps, order_id), { most: stepRetries, about: { orderId: order_id } }),
        ),
    })
  }
  app.task({
    ...options,
    queue: mailsQueue,
    name: 'orders.mail',
    params: ['order_id', 'seq'],
    input: MailInput,
    run: ({ order_id, seq }, context) =>
      orLeave(context, orDeadLetter(context, mailOrder(deps, order_id, seq)), {
        ...leaving,
        about: { orderId: order_id, seq },
        isSeenTo: () => isMailDue(deps, order_id, seq),
      }),
  })
  app.task({
    ...options,
    name: 'orders.allocate',
    params: ['book_id'],
    input: BookInput,
    run: ({ book_id }, context) =>
      afterwards(
        deps,
        orLeave(context, allocateCopies(deps, book_id), { ...leaving, about: { bookId: book_id } }),
      ),
  })
  for (const [name, round] of Object.entries(rounds)) {
    app.task({
      ...options,
      name,
      run: (_, context) => afterwards(deps, orLeave(context, round(deps), leaving)),
    })
  }
}

/** What a task has sent goes out at once, and not with the relay's next look. */
async function afterwards(deps: Pick<OrdersDeps, 'outbox'>, work: Promise<unknown>): Promise<void> {
  await work
  deps.outbox.nudge()
}
