import type { TaskContext } from '@colophon/celery'
import { isUnavailable } from '@colophon/postgres'
import { MailError } from '../mail/port.ts'
import { PaymentError } from '../payments/port.ts'

/** What is used of a task's context to end it. */
type Ending = Pick<TaskContext, 'reject' | 'retries' | 'log'>

/**
 * Does the work of a task. What is refused, by the provider or the mail server, no other try mends: it is a dead letter
 * at once, for people to see and to send again.
 */
export async function orDeadLetter<T>(context: Ending, work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    const isRefusal = error instanceof PaymentError || error instanceof MailError
    if (isRefusal && error.code === 'refused') context.reject({ reason: error.message })
    throw error
  }
}

/**
 * Does a step of an order. One whose other side does not answer is tried again, and then left to the sweeper, which
 * sends the step again for as long as it takes: an outage makes no dead letters.
 * @param most how often a task is tried again
 */
export async function orLeave(context: Ending, most: number, step: Promise<void>): Promise<void> {
  try {
    await orDeadLetter(context, step)
  } catch (error) {
    const isAway = (error instanceof PaymentError && error.code === 'unknown') || isUnavailable(error)
    if (!isAway || context.retries < most) throw error
    context.log.warn(
      { reason: error instanceof Error ? error.message : String(error) },
      'left to the sweeper',
    )
  }
}
