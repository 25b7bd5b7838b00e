import { CeleryError, reasonOf } from '../errors.ts'

/**
 * As `work`; what keeps it from the store in `place` becomes `SCHEDULES_UNAVAILABLE`. A mistake in the program stays
 * what it is.
 * @param why what an error of the store's library says
 */
export async function orUnavailable<T>(
  place: string,
  work: () => Promise<T>,
  why: (error: unknown) => string = reasonOf,
): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    const isKnown = cause instanceof CeleryError
    if (cause instanceof TypeError || (isKnown && cause.code !== 'RESULTS_UNAVAILABLE')) throw cause
    const reason = isKnown ? cause.message : `${why(cause)}. Safe to try again.`
    throw new CeleryError('SCHEDULES_UNAVAILABLE', `Schedules in ${place}: ${reason}`, { cause })
  }
}
