import { describe, expect, it } from 'vitest'
import { type CrontabFields, crontab } from '../../src/beat/schedules/crontab.ts'
import { type CrontabField, type FieldRule, parseField } from '../../src/beat/schedules/crontab-field.ts'
import { interval } from '../../src/beat/schedules/interval.ts'

const hour: FieldRule = { field: 'hour', min: 0, max: 23 }
const dayOfMonth: FieldRule = { field: 'dayOfMonth', min: 1, max: 31 }
const weekday: FieldRule = {
  field: 'dayOfWeek',
  min: 0,
  max: 6,
  alsoMin: 7,
  names: ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'],
}

describe('a field of a crontab', () => {
  const cases: [FieldRule, CrontabField, number[]][] = [
    [hour, 7, [7]],
    [hour, [9, 3, 3], [3, 9]],
    [hour, '*/6', [0, 6, 12, 18]],
    [hour, '22-2', [0, 1, 2, 22, 23]],
    [hour, '22-2/2', [0, 2, 22]],
    [hour, '0, 8-17/4', [0, 8, 12, 16]],
    [hour, '*/70', [0]],
    [dayOfMonth, '*/10', [1, 11, 21, 31]],
    [weekday, 'mon-fri', [1, 2, 3, 4, 5]],
    [weekday, 'sat-mon', [0, 1, 6]],
    [weekday, 'Thursday,SUN', [0, 4]],
    [weekday, 'thurs', [4]],
    [weekday, 7, [0]],
    [weekday, '5-7', [0, 5, 6]],
    [weekday, '7-2', [0, 1, 2]],
    [weekday, '6-0', [0, 6]],
    [weekday, '0-7/7', [0]],
  ]
  it.each(cases)('%o of %o', (rule, value, expected) => {
    expect(parseField(value, rule)).toEqual(expected)
  })

  it('stands for all values when it is left out', () => {
    expect(parseField(undefined, weekday)).toEqual([0, 1, 2, 3, 4, 5, 6])
  })
})

describe('a crontab that makes no sense is refused, and the field named', () => {
  const cases: [CrontabFields | string, RegExp][] = [
    [{ minute: 60 }, /minute: "60" is not from 0 to 59/],
    [{ minute: '-5' }, /minute: "-5" is not a number, name, range or \*/],
    [{ minute: '1,,2' }, /minute: "" is not/],
    [{ minute: '*/0' }, /minute: "\*\/0" has a step of 0/],
    [{ minute: '*/' }, /minute: "\*\/" is not/],
    [{ minute: '5/15' }, /minute: "5\/15" has a step but no range: write 5-59\/15/],
    [{ minute: 1.5 }, /minute: "1.5" is not from/],
    [{ hour: 'mon' }, /hour: "mon" is neither a number nor a name/],
    [{ hour: '1-5-7' }, /hour: "1-5-7" is not/],
    [{ hour: [] }, /hour: an empty list is never due/],
    [{ dayOfWeek: 'monkey' }, /dayOfWeek: "monkey" is neither/],
    [{ dayOfWeek: 8 }, /dayOfWeek: "8" is not from 0 to 7/],
    [{ dayOfMonth: 0 }, /dayOfMonth: "0" is not from 1 to 31/],
    [{ dayOfMonth: 31, monthOfYear: 'feb' }, /dayOfMonth: no month of monthOfYear has day 31/],
    [{ dayOfMonth: '30,31', monthOfYear: 2 }, /has day 30, 31/],
    ['* * * *', /has not five fields/],
    [{ minutes: 5 } as object, /minutes of crontab is not known: did you mean minute\?$/],
    [{ day_of_week: 1 } as object, /did you mean dayOfWeek\?$/],
    [{ hour: null } as object, /hour of crontab must be a number, an array of numbers, or text/],
  ]
  it.each(cases)('%o', (fields, message) => {
    expect(() => crontab(fields)).toThrow(message)
    expect(() => crontab(fields)).toThrow(expect.objectContaining({ code: 'BAD_OPTION' }))
  })

  it('and so is a zone that does not exist', () => {
    expect(() => crontab().next(new Date(0), 'Europe/Atlantis')).toThrow(/no time zone "Europe\/Atlantis"/)
  })
})

function runs(fields: CrontabFields | string, timeZone: string, from: string, count: number): string[] {
  const schedule = crontab(fields)
  const found: string[] = []
  let due = new Date(from)
  while (found.length < count) {
    due = schedule.next(due, timeZone)
    found.push(due.toISOString().slice(0, 16))
  }
  return found
}

describe('the runs of a crontab', () => {
  it('reads text in the order of Unix', () => {
    expect(runs('30 7 1 jan,jul *', 'UTC', '2026-03-01T00:00Z', 2)).toEqual([
      '2026-07-01T07:30',
      '2027-01-01T07:30',
    ])
  })

  it('needs both days to fit', () => {
    expect(
      runs({ minute: 0, hour: 0, dayOfMonth: 13, dayOfWeek: 'fri' }, 'UTC', '2026-01-01T00:00Z', 2),
    ).toEqual(['2026-02-13T00:00', '2026-03-13T00:00'])
  })

  it('passes over months without the day', () => {
    expect(runs({ minute: 0, hour: 0, dayOfMonth: 31 }, 'UTC', '2026-01-31T00:00Z', 3)).toEqual([
      '2026-03-31T00:00',
      '2026-05-31T00:00',
      '2026-07-31T00:00',
    ])
  })

  it('waits for leap years, over 2100, which is none', () => {
    const leap = { minute: 0, hour: 0, dayOfMonth: 29, monthOfYear: 2 }
    expect(runs(leap, 'UTC', '2095-01-01T00:00Z', 2)).toEqual(['2096-02-29T00:00', '2104-02-29T00:00'])
    expect(runs({ ...leap, dayOfWeek: 'sun' }, 'UTC', '2088-03-01T00:00Z', 1)).toEqual(['2128-02-29T00:00'])
  })

  it('makes a run whose time is skipped at the moment of the change, and several of these once', () => {
    const zone = 'America/New_York'
    expect(runs('30 2 * * *', zone, '2026-03-07T12:00Z', 2)).toEqual(['2026-03-08T07:00', '2026-03-09T06:30'])
    expect(runs('*/20 2 * * *', zone, '2026-03-08T00:00Z', 2)).toEqual([
      '2026-03-08T07:00',
      '2026-03-09T06:00',
    ])
    expect(runs('0 2-3 * * *', zone, '2026-03-08T00:00Z', 2)).toEqual([
      '2026-03-08T07:00',
      '2026-03-09T06:00',
    ])
    expect(runs('15 2 * * *', 'Australia/Lord_Howe', '2026-10-03T10:00Z', 2)).toEqual([
      '2026-10-03T15:30',
      '2026-10-04T15:15',
    ])
  })

  it('makes a run whose time comes twice once', () => {
    const zone = 'America/New_York'
    expect(runs('30 1 * * *', zone, '2026-10-31T12:00Z', 2)).toEqual(['2026-11-01T05:30', '2026-11-02T06:30'])
    expect(runs('*/30 * * * *', zone, '2026-11-01T04:30Z', 4)).toEqual([
      '2026-11-01T05:00',
      '2026-11-01T05:30',
      '2026-11-01T07:00',
      '2026-11-01T07:30',
    ])
  })

  it('keeps the run of a day that Samoa skipped', () => {
    expect(runs('0 12 30 * *', 'Pacific/Apia', '2011-12-01T00:00Z', 2)).toEqual([
      '2011-12-30T10:00',
      '2012-01-29T22:00',
    ])
  })

  it('knows the last of those that were missed', () => {
    const schedule = crontab('* * * * *')
    const since = new Date('2020-01-01T00:00Z')
    expect(schedule.latest(since, new Date('2026-01-01T00:00:59.999Z'), 'UTC')?.toISOString()).toBe(
      '2026-01-01T00:00:00.000Z',
    )
    expect(schedule.latest(since, new Date('2020-01-01T00:00:59.999Z'), 'UTC')).toBeUndefined()
    expect(schedule.latest(since, new Date('2019-01-01T00:00Z'), 'UTC')).toBeUndefined()
  })

  it('has a text for people', () => {
    const schedule = crontab({ minute: '*/5', hour: [1, 2], dayOfWeek: 'mon, tue' })
    expect(schedule.describe('UTC')).toBe('*/5 1,2 * * mon,tue UTC')
    expect(interval(1.5).describe('UTC')).toBe('every 1.5 s')
  })
})

describe('an interval', () => {
  it('is due one interval after the last due time', () => {
    expect(interval(30).next(new Date(1_000), 'UTC')).toEqual(new Date(31_000))
  })

  it('has one run to catch up with, and does not drift', () => {
    const every = interval(0.1)
    expect(every.latest(new Date(0), new Date(99), 'UTC')).toBeUndefined()
    expect(every.latest(new Date(0), new Date(100), 'UTC')).toEqual(new Date(100))
    expect(every.latest(new Date(0), new Date(1_000_000_050), 'UTC')).toEqual(new Date(1_000_000_000))
    expect(every.latest(new Date(1_000), new Date(0), 'UTC')).toBeUndefined()
  })

  it.each([0, -1, 0.0001, Number.NaN, Number.POSITIVE_INFINITY, '30'])('refuses %o', (seconds) => {
    expect(() => interval(seconds as number)).toThrow(expect.objectContaining({ code: 'BAD_OPTION' }))
  })
})
