import { randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { createBeat } from '../../src/beat/beat.ts'
import { createMemorySchedules } from '../../src/beat/memory-store.ts'
import { crontab } from '../../src/beat/schedules/crontab.ts'
import { interval } from '../../src/beat/schedules/interval.ts'
import { createCelery } from '../../src/create-celery.ts'
import { leftOut, servers } from '../../testing/servers.ts'
import { runPython } from './support/python.ts'
import { FakeTime } from './support/time.ts'
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
  { minute: 15, hour: 2 },
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

const askCelery = (cases: Case[]) => runPython(python ?? '', 'crontab_due.py', cases) as Promise<Answer[]>

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
      const [theirs, mine] = [Date.parse(answers[index]?.due ?? ''), Date.parse(ours(one))]
      return theirs === mine ? [] : [{ ...one, theirs, mine }]
    })
    const skipped = differences.filter(({ mine, zone }) => isAfterGap(mine, zone))
    expect(answers).toHaveLength(cases.length)
    expect(differences).toEqual(skipped)
    const delays = skipped.map(
      ({ theirs, mine, zone }) => `${zone} ${(theirs - mine) / 60_000} minutes later`,
    )
    expect([...new Set(delays)].sort()).toEqual([
      'America/New_York 15 minutes later',
      'America/New_York 30 minutes later',
      'Australia/Lord_Howe 15 minutes later',
      'Europe/Berlin 15 minutes later',
      'Europe/Berlin 30 minutes later',
    ])
  })

  it('are refused alike', { timeout: 60_000 }, async () => {
    const cases = refused.map((fields) => ({ fields, zone: 'UTC', since: moments[0] ?? '' }))
    for (const answer of await askCelery(cases)) expect(answer.error).toBeTypeOf('string')
    for (const one of cases) expect(() => ours(one)).toThrow(/^crontab: /)
  })
})

interface Scenario {
  seconds?: number
  fields?: { minute?: string | number; hour?: string | number }
  deadline?: number
  start: string
  /** When a beat is there, in seconds from the start. */
  up: [from: number, to: number][]
}

const start = '2026-05-04T11:58:30'
const scenarios: Scenario[] = [
  { seconds: 10, start, up: [[0, 45]] },
  { fields: { minute: '*/2' }, start, up: [[0, 600]] },
  {
    fields: { minute: '*/5' },
    start,
    up: [
      [0, 100],
      [2_000, 2_400],
    ],
  },
  {
    fields: { minute: 0 },
    deadline: 600,
    start,
    up: [
      [0, 10],
      [500, 4_000],
    ],
  },
  {
    fields: { minute: 0 },
    deadline: 300,
    start,
    up: [
      [0, 10],
      [500, 4_000],
    ],
  },
  {
    fields: { minute: 0, hour: '12,14' },
    start,
    up: [
      [0, 1],
      [9_000, 9_010],
    ],
  },
]

async function ourRuns({ seconds, fields = {}, deadline, start, up }: Scenario): Promise<number[]> {
  const time = new FakeTime(`${start}Z`)
  const app = createCelery({ broker: `memory:${randomUUID()}`, now: time.now })
  const sent: number[] = []
  app.publishTask = async () => void sent.push(time.elapsed() / 1000)
  const schedule = seconds === undefined ? crontab(fields) : interval(seconds)
  const entry = { task: 't', schedule, ...(deadline !== undefined && { startingDeadline: deadline }) }
  const store = createMemorySchedules(time.now)
  for (const [from, to] of up) {
    time.skip(from - time.elapsed() / 1000)
    const beat = createBeat(app, { entries: { e: entry }, store }, time)
    await beat.start()
    await time.pass(to - from)
    await beat.stop()
  }
  await app.close()
  return sent
}

describe.skipIf(python === undefined)('a beat beside the real Celery', () => {
  it('sends at the same times, also after times without one', { timeout: 60_000 }, async () => {
    const theirs = await runPython(python ?? '', 'beat_runs.py', scenarios)
    const mine: number[][] = []
    for (const scenario of scenarios) mine.push(await ourRuns(scenario))
    expect(mine).toEqual(theirs)
    expect(mine.every((runs) => runs.length > 0)).toBe(true)
  })
})
