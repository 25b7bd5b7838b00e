import { timerOf } from './timer.ts'

/** As `work`, but rejects with `tooLate()` when that is not done in so many seconds: what comes of it later is of no interest. */
export async function within<T>(
  seconds: number,
  work: Promise<T>,
  tooLate: () => Error = () => new Error(`no answer within ${Number(seconds.toFixed(3))} s`),
): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(tooLate()), timerOf(seconds))
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

/** Waits until it is done, but no longer than so many seconds. Rejects as `work` does by then. */
export async function atMost(seconds: number, work: Promise<unknown>): Promise<void> {
  const { promise: late, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, timerOf(seconds))
  try {
    await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
