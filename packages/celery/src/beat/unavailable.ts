import { CeleryError, reasonOf } from '../errors.ts'
import { isPassing, sqlState } from '../postgres/errors.ts'

/**
 * As `work`; what keeps it from the store in `place` becomes `SCHEDULES_UNAVAILABLE`, or `UNSUPPORTED` when no time
 * mends it. A mistake in the program stays what it is.
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
    const lasts = isLasting(cause)
    const reason = isKnown ? cause.message : `${why(cause)}.${lasts ? '' : ' Safe to try again.'}`
    const code = lasts ? 'UNSUPPORTED' : 'SCHEDULES_UNAVAILABLE'
    throw new CeleryError(code, `Schedules in ${place}: ${reason}`, { cause })
  }
}

/** What PostgreSQL refuses, such as a login or a database that is not there; not that it ended a transaction (25). */
function isLasting(error: unknown): boolean {
  const state = sqlState(error)
  return state !== undefined && !state.startsWith('25') && !isPassing(error)
}
