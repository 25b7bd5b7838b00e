/** Which minutes of which days a crontab names. Local times are milliseconds, as in `Zone`. */
export interface LocalTimes {
  /** Of the day, in order. */
  minutes: Uint16Array
  days: ReadonlySet<number>
  /** 1 to 12. */
  months: ReadonlySet<number>
  /** Sunday is 0. */
  weekdays: ReadonlySet<number>
}

const minute = 60_000
const day = 86_400_000
/** 29 February falls on a given weekday at least every 40 years. */
const farthest = 41 * 366 * day

/** The first of these times after that one. */
export function nextLocal(times: LocalTimes, after: number): number {
  const today = Math.floor(after / day) * day
  if (isDay(times, today)) {
    const index = firstAbove(times.minutes, Math.floor((after - today) / minute))
    if (index < times.minutes.length) return today + (times.minutes[index] ?? 0) * minute
  }
  let date = today + day
  while (!isDay(times, date)) {
    if (date - today > farthest) throw new Error('a crontab that names no day')
    date = times.months.has(monthOf(date)) ? date + day : monthStart(date, 1)
  }
  return date + (times.minutes[0] ?? 0) * minute
}

/** The last of these times that is not after that one, undefined if it is before `notBefore`. */
export function previousLocal(times: LocalTimes, at: number, notBefore: number): number | undefined {
  const today = Math.floor(at / day) * day
  if (isDay(times, today)) {
    const index = firstAbove(times.minutes, Math.floor((at - today) / minute)) - 1
    if (index >= 0) return today + (times.minutes[index] ?? 0) * minute
  }
  let date = today - day
  while (!isDay(times, date)) {
    if (date < notBefore) return undefined
    date = times.months.has(monthOf(date)) ? date - day : monthStart(date, 0) - day
  }
  return date + (times.minutes.at(-1) ?? 0) * minute
}

function isDay(times: LocalTimes, date: number): boolean {
  const local = new Date(date)
  return (
    times.months.has(local.getUTCMonth() + 1) &&
    times.days.has(local.getUTCDate()) &&
    times.weekdays.has(local.getUTCDay())
  )
}

function monthOf(date: number): number {
  return new Date(date).getUTCMonth() + 1
}

function monthStart(date: number, monthsLater: number): number {
  const local = new Date(date)
  return Date.UTC(local.getUTCFullYear(), local.getUTCMonth() + monthsLater, 1)
}

/** The index of the first number above that one in a list that rises. */
function firstAbove(numbers: Uint16Array, value: number): number {
  let low = 0
  let high = numbers.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((numbers[middle] ?? 0) > value) high = middle
    else low = middle + 1
  }
  return low
}
