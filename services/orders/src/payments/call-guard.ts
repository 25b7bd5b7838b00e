import type { Logger } from '@colophon/runtime'
import {
  bulkhead,
  ConsecutiveBreaker,
  circuitBreaker,
  handleAll,
  isBrokenCircuitError,
  isBulkheadRejectedError,
  wrap,
} from 'cockatiel'

export interface CallGuardOptions {
  /** Calls at once. */
  concurrency: number
  /** Calls that may wait for their turn. */
  queue: number
  /** After so many calls in a row that were not answered, none is made for so many milliseconds. */
  breaker: { failures: number; pauseMs: number }
  /** Told when the other side is not called for a while, and when it is there again. */
  log?: Pick<Logger, 'info' | 'warn'> | undefined
}

export interface CallGuard {
  /**
   * Makes a call when there is room for it.
   * @param signal gives it up; a call that waits for its turn learns of it when that comes
   * @throws NotCalled when it is not made
   */
  call<T>(work: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T>
  /** Tells of no outage any more: calls that are given up as a process stops are none. */
  close(): void
}

/** A call that is not made now: too many wait, or the other side has not answered for a while. */
export class NotCalled extends Error {
  override readonly name = 'NotCalled'
}

/** Calls to the provider, with a bound on how many there are at once and wait, and a pause while it answers nothing. */
export function createCallGuard(options: CallGuardOptions): CallGuard {
  const { concurrency, queue, breaker: usual, log } = options
  const breaker = circuitBreaker(handleAll, {
    halfOpenAfter: usual.pauseMs,
    breaker: new ConsecutiveBreaker(usual.failures),
  })
  // Within the bulkhead, so that those who wait learn at once that nobody is called any more.
  const guard = wrap(bulkhead(concurrency, queue), breaker)
  let lastCause = ''
  let isOut = false
  // Said once, however often it is tried in vain, and once that it is there again.
  const outages = breaker.onBreak(() => {
    if (!isOut)
      log?.warn({ cause: lastCause }, 'the payment provider does not answer: it is asked now and then')
    isOut = true
  })
  breaker.onReset(() => {
    isOut = false
    log?.info('the payment provider answers again')
  })

  return {
    async call(work, signal) {
      try {
        return await guard.execute(async (given) => {
          try {
            return await work(given.signal)
          } catch (error) {
            lastCause = error instanceof Error ? error.message : String(error)
            throw error
          }
        }, signal)
      } catch (error) {
        if (isBulkheadRejectedError(error)) throw new NotCalled('too many calls to it are waiting')
        if (!isBrokenCircuitError(error)) throw error
        throw new NotCalled(
          `it is not asked for a while, since it has not answered several times: ${lastCause}`,
        )
      }
    },
    close: () => outages.dispose(),
  }
}
