import { CeleryError } from '../errors.ts'
import { offsetAt } from './zone-offset.ts'

/**
 * A `datetime` of Python's that says more than a `Date` can: microseconds, an offset other than UTC's, or none at all.
 * It is a `Date` of the same instant to the millisecond, and is sent on as Python wrote it unless it was changed.
 */
export class PythonDate extends Date {
  /** As Python wrote it, `2026-03-01T09:30:00.123456+02:00`. */
  readonly iso: string
  readonly #instant: number

  constructor(instant: number, iso: string) {
    super(instant)
    this.iso = iso
    this.#instant = instant
  }

  /** Nobody has set another time since it was read. */
  get isUnchanged(): boolean {
    return this.getTime() === this.#instant
  }
}

const isoPattern =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?(Z|[+-]\d\d(?::?\d\d(?::?\d\d(?:\.\d{1,6})?)?)?)?)?$/

/**
 * The time that a `datetime.isoformat()` of Python's, or an ISO 8601 time like it, means; undefined when it is none.
 * One without an offset is in `timeZone`. A `PythonDate` when a `Date` alone would lose something.
 */
export function parseDateTime(text: string, timeZone = 'UTC'): Date | undefined {
  const match = isoPattern.exec(text)
  if (match === null) return undefined
  const [, year, month, day, hour = '0', minute = '0', second = '0', fraction = '', offset] = match
  const wall = wallTime(
    Number(year),
    Number(month),
    Number(day),
    Number(hour),
    Number(minute),
    Number(second),
  )
  const ahead = offset === undefined ? 0 : offsetOf(offset)
  if (wall === undefined || ahead === undefined) return undefined
  const time = wall + Number(fraction.slice(0, 3).padEnd(3, '0'))
  const instant = offset === undefined ? instantOf(time, timeZone) : time - ahead
  const isExact = offset !== undefined && ahead === 0 && !/[1-9]/.test(fraction.slice(3))
  return isExact ? new Date(instant) : new PythonDate(instant, text)
}

/**
 * The time in an `eta` or `expires` header; undefined when it is none. One without an offset is in UTC, whatever the
 * app's time zone, as for Celery's worker.
 */
export function parseTime(iso: string): Date | undefined {
  return parseDateTime(iso)
}

/**
 * The instant as Python's `datetime.fromisoformat` reads it in every version (`Z` is not understood before 3.11), with
 * an offset always, as the headers `eta` and `expires` need it. `BAD_VALUE` when Python has no such time.
 */
export function formatTime(time: Date): string {
  const instant = time.getTime()
  if (instant !== last.instant) last = { instant, text: written(time) }
  return last.text
}

/** Many tasks end in the same millisecond. */
let last = { instant: Number.NaN, text: '' }

function written(time: Date): string {
  if (!isPythonTime(time))
    throw new CeleryError('BAD_VALUE', 'The time is an invalid Date, or not in the years 1 to 9999')
  return `${time.toISOString().slice(0, -1)}+00:00`
}

/** It is a valid time in the years 1 to 9999: Python has no others. */
export function isPythonTime(time: Date): boolean {
  const year = time.getUTCFullYear()
  return year >= 1 && year <= 9999
}

/** Milliseconds from 1970 to that wall time in UTC; undefined when there is no such day or time. */
function wallTime(year: number, month: number, day: number, hour: number, minute: number, second: number) {
  if (year < 1 || hour > 23 || minute > 59 || second > 59) return undefined
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined
  return date.setUTCHours(hour, minute, second)
}

/** Milliseconds that `+02:00`, `+0200`, `+02` or `-00:01:15.5` is ahead of UTC; undefined from 24 hours on. */
function offsetOf(text: string): number | undefined {
  if (text === 'Z') return 0
  const [hours = '', minutes = '0', seconds = '0'] = text.slice(1).match(/\d\d(?:\.\d+)?/g) ?? []
  if (Number(hours) > 23 || Number(minutes) > 59 || Number(seconds) >= 60) return undefined
  const size = (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1000
  return text.startsWith('-') ? -size : size
}

const day = 86_400_000

/**
 * The instant of a wall time in a time zone. Of one that comes twice it is the first, and one that is left out is read
 * with the offset before the change, both as Python does by default (`fold=0`).
 */
function instantOf(wall: number, timeZone: string): number {
  if (timeZone === 'UTC') return wall
  const before = offsetAt(wall - day, timeZone)
  if (offsetAt(wall - before, timeZone) === before) return wall - before
  const after = offsetAt(wall + day, timeZone)
  return offsetAt(wall - after, timeZone) === after ? wall - after : wall - before
}
