import { CeleryError } from '../errors.ts'
import { describeError } from '../postgres/errors.ts'

/** As `work`; what keeps it from the store in `place` becomes `SCHEDULES_UNAVAILABLE`. */
export async function orUnavailable<T>(place: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    const isKnown = cause instanceof CeleryError
    if (isKnown && cause.code !== 'RESULTS_UNAVAILABLE') throw cause
    const why = isKnown ? cause.message : `${describeError(cause)}. Safe to try again.`
    throw new CeleryError('SCHEDULES_UNAVAILABLE', `Schedules in ${place}: ${why}`, { cause })
  }
}
