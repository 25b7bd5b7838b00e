import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { crontab } from '../../src/beat/schedules/crontab.ts'
import { fits, type Sets, walk, wallClock } from './support/walk.ts'

const day = 86_400_000
const minute = 60_000

/** Zones with whole hours, half hours, quarters, changes of half an hour, at midnight, twice a year and in Ramadan. */
const zones = [
  'UTC',
  'America/New_York',
  'America/St_Johns',
  'America/Sao_Paulo',
  'America/Havana',
  'America/Caracas',
  'Europe/Berlin',
  'Europe/Dublin',
  'Europe/London',
  'Africa/Cairo',
  'Africa/Casablanca',
  'Asia/Kathmandu',
  'Asia/Tehran',
  'Asia/Amman',
  'Asia/Gaza',
  'Asia/Pyongyang',
  'Australia/Lord_Howe',
  'Australia/Eucla',
  'Pacific/Apia',
  'Pacific/Chatham',
  'Pacific/Kiritimati',
  'Antarctica/Troll',
]

/** When the zone's clocks are changed, from 1990 to 2035. */
function changes(timeZone: string): number[] {
  const found: number[] = []
  const offset = (at: number) => wallClock(at, timeZone) - at
  for (let at = Date.UTC(1990, 0, 1); at < Date.UTC(2035, 0, 1); at += 7 * day) {
    if (offset(at) === offset(at + 7 * day)) continue
    let low = at
    let high = at + 7 * day
    while (high - low > minute) {
      const middle = Math.floor((low + high) / 2 / minute) * minute
      if (offset(middle) === offset(at)) low = middle
      else high = middle
    }
    found.push(high)
  }
  return found
}

const changesOf = new Map(zones.map((zone) => [zone, changes(zone)]))

const place = fc.constantFrom(...zones).chain((timeZone) => {
  const near = changesOf.get(timeZone) ?? []
  const anywhere = fc.integer({ min: Date.UTC(1990, 0, 1), max: Date.UTC(2035, 0, 1) })
  const around = fc
    .tuple(fc.constantFrom(...(near.length > 0 ? near : [0])), fc.integer({ min: -day, max: 4 * 3_600_000 }))
    .map(([change, shift]) => change + shift)
  const at = near.length === 0 ? anywhere : fc.oneof({ weight: 4, arbitrary: around }, anywhere)
  return at.map((from) => ({ timeZone, from }))
})

function field(min: number, max: number, fewest = 1): fc.Arbitrary<number[]> {
  const all = Array.from({ length: max - min + 1 }, (_, index) => min + index)
  const some = fc.subarray(all, { minLength: fewest, maxLength: Math.min(all.length, fewest + 5) })
  return fc.oneof({ weight: 2, arbitrary: some }, fc.constant(all))
}

const sets: fc.Arbitrary<Sets> = fc.record({
  minute: fc.oneof(field(0, 59), fc.constant<number[]>([0]), fc.constant<number[]>([0, 15, 30, 45])),
  hour: fc.oneof(field(0, 23), fc.constant<number[]>([0, 1, 2, 3])),
  dayOfMonth: fc.oneof(field(1, 31, 8), fc.constant<number[]>([1, 28, 29, 30, 31])),
  monthOfYear: fc.oneof(field(1, 12, 6), fc.constant<number[]>([2, 3, 4, 9, 10, 11, 12])),
  dayOfWeek: field(0, 6, 3),
})

describe('crontab over zones and instants', () => {
  it('names just the runs that a walk along the clock on the wall finds: none skipped, none twice', () => {
    fc.assert(
      fc.property(place, sets, ({ timeZone, from }, given) => {
        const schedule = crontab({ ...given })
        const to = from + 2 * day
        const found: number[] = []
        let due = schedule.next(new Date(from), timeZone)
        while (due.getTime() <= to) {
          expect(due.getTime()).toBeGreaterThan(found.at(-1) ?? from)
          found.push(due.getTime())
          due = schedule.next(due, timeZone)
        }
        const expected = walk(given, timeZone, from, to)
        expect(found).toEqual(expected)
        expect(schedule.latest(new Date(from), new Date(to), timeZone)?.getTime()).toBe(expected.at(-1))
      }),
      { numRuns: 80 },
    )
  })

  it('is due at a local time that fits, or at the moment when such times are skipped', () => {
    fc.assert(
      fc.property(place, sets, ({ timeZone, from }, given) => {
        const due = crontab({ ...given })
          .next(new Date(from), timeZone)
          .getTime()
        expect(due).toBeGreaterThan(from)
        const isChange = wallClock(due, timeZone) - wallClock(due - minute, timeZone) > minute
        expect(isChange || fits(given, wallClock(due, timeZone))).toBe(true)
      }),
      { numRuns: 1_000 },
    )
  })

  it('is due once for each local time', () => {
    fc.assert(
      fc.property(place, sets, ({ timeZone, from }, given) => {
        const schedule = crontab({ ...given })
        const seen = new Set<number>()
        let due = new Date(from)
        for (let run = 0; run < 200; run++) {
          due = schedule.next(due, timeZone)
          const local = wallClock(due.getTime(), timeZone)
          expect(seen.has(local)).toBe(false)
          seen.add(local)
        }
      }),
      { numRuns: 100 },
    )
  })

  it('finds the same last run from now backwards as from the last one forwards', () => {
    const span = fc.integer({ min: 0, max: 400 * day })
    fc.assert(
      fc.property(place, sets, span, ({ timeZone, from }, given, ahead) => {
        const schedule = crontab({ ...given })
        const now = new Date(from + ahead)
        const latest = schedule.latest(new Date(from), now, timeZone)
        if (latest === undefined) {
          expect(schedule.next(new Date(from), timeZone).getTime()).toBeGreaterThan(now.getTime())
        } else {
          expect(latest.getTime()).toBeGreaterThan(from)
          expect(latest.getTime()).toBeLessThanOrEqual(now.getTime())
          expect(schedule.next(latest, timeZone).getTime()).toBeGreaterThan(now.getTime())
        }
      }),
      { numRuns: 1_000 },
    )
  })
})
