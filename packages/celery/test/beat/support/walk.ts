import type { CrontabFields } from '../../../src/beat/schedules/crontab.ts'

/** A crontab whose fields are plain sets, for a judge that shares no code with the one on trial. */
export interface Sets {
  minute: number[]
  hour: number[]
  dayOfMonth: number[]
  monthOfYear: number[]
  dayOfWeek: number[]
}

export function fieldsOf(sets: Sets): CrontabFields {
  return { ...sets }
}

const minute = 60_000
const formats = new Map<string, Intl.DateTimeFormat>()

/** What a clock on the wall shows, as milliseconds of UTC. */
export function wallClock(at: number, timeZone: string): number {
  let format = formats.get(timeZone)
  if (format === undefined) {
    const numeric = 'numeric'
    format = new Intl.DateTimeFormat('en-GB', {
      timeZone,
      hourCycle: 'h23',
      year: numeric,
      month: numeric,
      day: numeric,
      hour: numeric,
      minute: numeric,
      second: numeric,
    })
    formats.set(timeZone, format)
  }
  const [day, month, year, hour, minutes, seconds] = (format.format(at).match(/\d+/g) ?? []).map(Number)
  return Date.UTC(year ?? 0, (month ?? 0) - 1, day, hour, minutes, seconds)
}

export function fits(sets: Sets, local: number): boolean {
  const date = new Date(local)
  return (
    sets.minute.includes(date.getUTCMinutes()) &&
    sets.hour.includes(date.getUTCHours()) &&
    sets.dayOfMonth.includes(date.getUTCDate()) &&
    sets.monthOfYear.includes(date.getUTCMonth() + 1) &&
    sets.dayOfWeek.includes(date.getUTCDay())
  )
}

/**
 * The runs due after `from` and not after `to`, found by watching the clock on the wall minute by minute: a time that
 * is shown for the first time and fits, or the moment at which times that fit are skipped.
 */
export function walk(sets: Sets, timeZone: string, from: number, to: number): number[] {
  const due: number[] = []
  let at = Math.ceil(from / minute) * minute - 27 * 60 * minute
  let shown = wallClock(at, timeZone)
  while (at < to) {
    at += minute
    const local = wallClock(at, timeZone)
    if (local <= shown) continue
    let isDue = false
    for (let time = shown + minute; time <= local; time += minute) isDue ||= fits(sets, time)
    if (isDue && at > from && at <= to) due.push(at)
    shown = local
  }
  return due
}
