import { CeleryError } from '@colophon/celery'
import { httpProblem } from '@colophon/http'
import { ordersProblem } from '../problems.ts'

/**
 * Waits for what a broker does.
 * @throws Problem store_unavailable when the broker is away, dead_letter_stays when it will not take the message
 */
export async function fromBroker<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (!(error instanceof CeleryError)) throw error
    if (isRefusal(error)) throw ordersProblem('dead_letter_stays', error.message, { cause: error })
    throw httpProblem('store_unavailable', 'the broker of tasks is not answering at the moment: try again', {
      headers: { 'retry-after': '1' },
      cause: error,
    })
  }
}

/** Whether it is this message that the broker will not take, such as one whose queue is gone. */
export function isRefusal(error: unknown): error is CeleryError {
  return error instanceof CeleryError && error.code !== 'BROKER_UNAVAILABLE' && error.code !== 'CLOSED'
}
