import { checkValue } from '../../options/check.ts'
import { between } from '../../options/kinds.ts'
import type { Schedule } from './schedule.ts'

const century = 100 * 365 * 86_400
const check = { ...between(0.001, century), expected: 'a number of seconds from 0.001 to 100 years' }

/**
 * Due every so many seconds, the first time one interval after the entry's beginning. Counted from due time to due
 * time, so that it does not drift; Python's counts from when it really sent the run.
 *
 * @throws CeleryError BAD_OPTION unless it is from 0.001 seconds to 100 years.
 */
export function interval(seconds: number): Schedule {
  checkValue(seconds, check, 'seconds', 'interval')
  const every = Math.round(seconds * 1000)
  return {
    next: (since) => new Date(since.getTime() + every),
    latest(since, now) {
      const steps = Math.floor((now.getTime() - since.getTime()) / every)
      return steps >= 1 ? new Date(since.getTime() + steps * every) : undefined
    },
    describe: () => `every ${every / 1000} s`,
  }
}
