import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { crontab } from '../../src/beat/schedules/crontab.ts'
import { leftOut, servers } from '../../testing/servers.ts'
import { wallClock } from './support/walk.ts'

const { python } = servers
if (python === undefined) leftOut('crontabs beside the real Celery', 'TEST_CELERY_PYTHON')

type Fields = Partial<
  Record<'minute' | 'hour' | 'day_of_week' | 'day_of_month' | 'month_of_year', string | number>
>

const specs: Fields[] = [
  {},
  { minute: '*/15' },
  { minute: 0, hour: '*/3' },
  { minute: '0,30', hour: '22-2' },
  { minute: '10-50/20', hour: '8-17/3', day_of_week: 'mon-fri' },
  { minute: 30, hour: 2 },
  { minute: 15, hour: 1 },
  { minute: 0, hour: 0, day_of_week: 'sat-mon' },
  { minute: 0, hour: 12, day_of_week: 'sunday' },
  { minute: 5, hour: 4, day_of_month: '*/10' },
  { minute: 0, hour: 0, day_of_month: 31 },
  { minute: 0, hour: 0, day_of_month: 29, month_of_year: 2 },
  { minute: 59, hour: 23, day_of_month: '28-31', month_of_year: 'feb,apr-jun' },
  { minute: 0, hour: 9, day_of_month: '1-7', day_of_week: 'mon' },
  { minute: 0, hour: 9, month_of_year: '*/3', day_of_week: 5 },
  { minute: 0, hour: 0, month_of_year: 'nov-feb' },
  { minute: '*/7', hour: '5', day_of_month: '13', day_of_week: 'fri' },
]
const refused: Fields[] = [
  { minute: 60 },
  { hour: 24 },
  { minute: '*/0' },
  { minute: '*/' },
  { minute: '1,,2' },
  { minute: '5/15' },
  { hour: '-1' },
  { day_of_week: 8 },
  { day_of_week: 'noday' },
  { day_of_month: 0 },
  { day_of_month: 32 },
  { month_of_year: 13 },
  { day_of_month: 31, month_of_year: 'feb' },
]
const zones = [
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'Australia/Lord_Howe',
  'Asia/Kathmandu',
  'Pacific/Apia',
]
const moments = [
  '2026-01-31T23:59:30+00:00',
  '2026-02-28T12:00:00+00:00',
  '2026-03-08T06:59:59+00:00',
  '2026-03-29T00:10:00+00:00',
  '2026-04-04T14:45:00+00:00',
  '2026-06-30T23:30:00+00:00',
  '2026-10-03T15:00:00+00:00',
  '2026-10-25T00:50:00+00:00',
  '2026-11-01T05:10:00+00:00',
  '2026-12-31T23:59:00+00:00',
  '2027-12-31T09:00:01+00:00',
]

interface Case {
  fields: Fields
  zone: string
  since: string
}

function ours({ fields, zone, since }: Case): string {
  const { day_of_week: dayOfWeek, day_of_month: dayOfMonth, month_of_year: monthOfYear, ...time } = fields
  const days = {
    ...(dayOfWeek !== undefined && { dayOfWeek }),
    ...(dayOfMonth !== undefined && { dayOfMonth }),
  }
  const schedule = crontab({ ...time, ...days, ...(monthOfYear !== undefined && { monthOfYear }) })
  return schedule.next(new Date(since), zone).toISOString()
}

interface Answer {
  due?: string
  isDue?: boolean
  error?: string
}

function askCelery(cases: Case[]): Promise<Answer[]> {
  return new Promise((resolve, reject) => {
    const script = join(import.meta.dirname, 'python', 'crontab_due.py')
    const options = { timeout: 60_000, maxBuffer: 1 << 24 }
    const child = execFile(join(python ?? '', 'python'), [script], options, (error, stdout) => {
      if (error) reject(error)
      else resolve(JSON.parse(stdout))
    })
    child.stdin?.end(JSON.stringify(cases))
  })
}

/** Python runs what a change of clocks skips as long after the change as its time is after the start of the gap. */
function isAfterGap(due: number, zone: string): boolean {
  return wallClock(due, zone) - wallClock(due - 60_000, zone) > 60_000
}

describe.skipIf(python === undefined)('crontabs beside the real Celery', () => {
  it('are due at the same times, but for those that a change of clocks skips', {
    timeout: 90_000,
  }, async () => {
    const cases = specs.flatMap((fields) =>
      zones.flatMap((zone) => moments.map((since) => ({ fields, zone, since }))),
    )
    const answers = await askCelery(cases)
    const differences = cases.flatMap((one, index) => {
      const theirs = answers[index]?.due
      const mine = ours(one)
      if (theirs !== undefined && Date.parse(theirs) === Date.parse(mine)) return []
      return isAfterGap(Date.parse(mine), one.zone) ? [] : [{ ...one, theirs, mine }]
    })
    expect(answers).toHaveLength(cases.length)
    expect(differences).toEqual([])
  })

  it('are refused alike', { timeout: 60_000 }, async () => {
    const cases = refused.map((fields) => ({ fields, zone: 'UTC', since: moments[0] ?? '' }))
    for (const answer of await askCelery(cases)) expect(answer.error).toBeTypeOf('string')
    for (const one of cases) expect(() => ours(one)).toThrow(/^crontab: /)
  })
})
