import { CeleryError } from '../../errors.ts'
import { type Check, type Checks, checkOptions } from '../../options/check.ts'
import { type CrontabField, type FieldRule, parseField } from './crontab-field.ts'
import { type LocalTimes, nextLocal, previousLocal } from './local-times.ts'
import type { Schedule } from './schedule.ts'
import { zoneOf } from './zone.ts'

/** A run is due at minutes that fit all of these: also where both days are given, unlike Unix cron. */
export interface CrontabFields {
  /** 0 to 59. */
  minute?: CrontabField
  /** 0 to 23. */
  hour?: CrontabField
  /** 0 to 6 or `sun` to `sat`; Sunday is also 7. */
  dayOfWeek?: CrontabField
  /** 1 to 31. Months without that day have no run. */
  dayOfMonth?: CrontabField
  /** 1 to 12 or `jan` to `dec`. */
  monthOfYear?: CrontabField
}

const field: Check = {
  expected: 'a number, an array of numbers, or text like "8-17" or "*/5"',
  fits: (value) => ['number', 'string'].includes(typeof value) || Array.isArray(value),
}

const checks: Checks<CrontabFields> = {
  minute: field,
  hour: field,
  dayOfWeek: field,
  dayOfMonth: field,
  monthOfYear: field,
}

const weekdays = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday']
const months = [
  'january',
  'february',
  'march',
  'april',
  'may',
  'june',
  'july',
  'august',
  'september',
  'october',
  'november',
  'december',
]

const rules = {
  minute: { field: 'minute', min: 0, max: 59 },
  hour: { field: 'hour', min: 0, max: 23 },
  dayOfMonth: { field: 'dayOfMonth', min: 1, max: 31 },
  monthOfYear: { field: 'monthOfYear', min: 1, max: 12, names: months },
  dayOfWeek: { field: 'dayOfWeek', min: 0, max: 6, alsoMin: 7, names: weekdays },
} satisfies Record<keyof CrontabFields, FieldRule>

/** Unix's order, which is that of Celery's `crontab.from_string` too. */
const order = ['minute', 'hour', 'dayOfMonth', 'monthOfYear', 'dayOfWeek'] as const

/**
 * Celery's crontab: `crontab({ hour: 7, minute: 30, dayOfWeek: 'mon-fri' })`, or Unix's text `30 7 * * mon-fri`. A
 * field that is left out stands for all of its values.
 *
 * Fields are the local time of the entry's zone. When clocks are set forward, runs whose time is skipped are made
 * together, once, at the moment of the change (Python's come as long after it as their time is after the gap's start).
 * When clocks are set back, a time that comes twice has a run the first time only, as with Python: what is to run on
 * through that hour takes `interval` or the zone `UTC`.
 *
 * @throws CeleryError BAD_OPTION that names the field; also for a date that no year has, such as 31 February.
 */
export function crontab(fields: CrontabFields | string = {}): Schedule {
  const given = typeof fields === 'string' ? split(fields) : fields
  checkOptions(given, checks, 'crontab')
  const times = localTimes(given)
  const text = order.map((field) => show(given[field])).join(' ')
  return {
    next(since, timeZone) {
      const zone = zoneOf(timeZone)
      return new Date(zone.firstShown(nextLocal(times, zone.shownBy(since.getTime()))))
    },
    latest(since, now, timeZone) {
      const zone = zoneOf(timeZone)
      const local = previousLocal(times, zone.shownBy(now.getTime()), since.getTime() - 2 * day)
      const due = local === undefined ? undefined : zone.firstShown(local)
      return due !== undefined && due > since.getTime() ? new Date(due) : undefined
    },
    describe: (timeZone) => `${text} ${timeZone}`,
  }
}

const day = 86_400_000

function split(text: string): CrontabFields {
  const parts = text.trim().split(/\s+/)
  if (parts.length === order.length)
    return Object.fromEntries(order.map((field, index) => [field, parts[index]]))
  throw new CeleryError(
    'BAD_OPTION',
    `crontab: ${JSON.stringify(text)} has not five fields (${order.join(', ')}).`,
  )
}

function localTimes(given: CrontabFields): LocalTimes {
  const [minutes, hours, days, months, weekdays] = order.map((field) =>
    parseField(given[field], rules[field]),
  ) as [number[], number[], number[], number[], number[]]
  if (!months.some((month) => days.some((day) => day <= daysIn(month)))) {
    throw new CeleryError(
      'BAD_OPTION',
      `crontab: dayOfMonth: no month of monthOfYear has day ${days.join(', ')}.`,
    )
  }
  return {
    minutes: Uint16Array.from(hours.flatMap((hour) => minutes.map((minute) => hour * 60 + minute))),
    days: new Set(days),
    months: new Set(months),
    weekdays: new Set(weekdays),
  }
}

/** In a leap year. */
function daysIn(month: number): number {
  return new Date(Date.UTC(2024, month, 0)).getUTCDate()
}

function show(field: CrontabField | undefined): string {
  if (field === undefined) return '*'
  return typeof field === 'object' ? field.join(',') : String(field).replaceAll(/\s/g, '')
}
