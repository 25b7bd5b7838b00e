import type { TaskContext } from '@colophon/celery'
import { isConflict, isTimeout, isUnavailable } from '@colophon/postgres'
import { MailError } from '../mail/port.ts'
import { PaymentError } from '../payments/port.ts'

/** What is used of a task's context to end it. */
type Ending = Pick<TaskContext, 'reject' | 'retries' | 'log'>

interface Leaving {
  /** How often it is tried again. */
  most: number
  /** What it is of, for the log. */
  about?: object
  /** Whether it will be sent again; it will, when absent. */
  isSeenTo?: () => Promise<boolean>
}

/** Sends a mail. One that is refused for good no other try mends: it is a dead letter at once, for people to see. */
export async function orDeadLetter<T>(context: Pick<Ending, 'reject'>, mail: Promise<T>): Promise<T> {
  try {
    return await mail
  } catch (error) {
    if (error instanceof MailError && error.code === 'refused') context.reject({ reason: error.message })
    throw error
  }
}

/**
 * Does what is sent again for as long as it takes: a step of an order by the sweeper, a mail by the reconciler, what is
 * done by the clock by beat. Where another side does not answer it is tried again, and then left to them; a step that the
 * provider refuses is left at once, as an error in the log. So an outage, and a wrong key, make no dead letters.
 */
export async function orLeave(
  context: Pick<Ending, 'retries' | 'log'>,
  work: Promise<unknown>,
  { most, about = {}, isSeenTo = async () => true }: Leaving,
): Promise<void> {
  try {
    await work
  } catch (error) {
    const isRefusal = error instanceof PaymentError && error.code !== 'unknown'
    const isOver = isPassing(error) && context.retries >= most
    if (!(isRefusal || isOver)) throw error
    // Who cannot tell leaves it to nobody.
    if (!(await isSeenTo().catch(() => false))) throw error
    const reason = error instanceof Error ? error.message : String(error)
    context.log[isRefusal ? 'error' : 'warn']({ ...about, reason }, 'it is left, to be sent again later')
  }
}

/** Whether another side was away, or was in the way, so that the same may go well later. */
function isPassing(error: unknown): boolean {
  if (error instanceof PaymentError) return error.code === 'unknown'
  if (error instanceof MailError) return error.code === 'failed'
  return isUnavailable(error) || isTimeout(error) || isConflict(error)
}
