import { CeleryError } from '../../errors.ts'
import type { Schedule } from './schedule.ts'

const longest = 100 * 365 * 86_400

/**
 * Due every so many seconds, the first time one interval after the entry's beginning. Counted from due time to due
 * time, so that it does not drift; Python's counts from when it really sent the run.
 *
 * @throws CeleryError BAD_OPTION unless it is from 0.001 seconds to 100 years.
 */
export function interval(seconds: number): Schedule {
  const every = Math.round(seconds * 1000)
  if (!(every >= 1 && seconds <= longest)) {
    throw new CeleryError(
      'BAD_OPTION',
      `interval: ${seconds} is not a number of seconds from 0.001 to 100 years.`,
    )
  }
  return {
    next: (since) => new Date(since.getTime() + every),
    latest(since, now) {
      const steps = Math.floor((now.getTime() - since.getTime()) / every)
      return steps >= 1 ? new Date(since.getTime() + steps * every) : undefined
    },
    describe: () => `every ${every / 1000} s`,
  }
}
