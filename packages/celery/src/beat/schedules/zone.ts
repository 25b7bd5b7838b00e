import { CeleryError } from '../../errors.ts'

/**
 * Local time of an IANA zone, from the time zone data of Node. A local time is written as the milliseconds that UTC
 * would have at that reading of the clock, so that days and minutes of it are plain arithmetic.
 */
export interface Zone {
  /** The latest local time that the zone's clocks have shown by then: once set back, they show less for a while. */
  shownBy(at: number): number
  /**
   * When the zone's clocks first show that local time; when they skip it, the moment at which they do. Never falls
   * as local time rises.
   */
  firstShown(local: number): number
}

const zones = new Map<string, Zone>()

/** @throws CeleryError BAD_OPTION when there is no such zone. */
export function zoneOf(timeZone: string): Zone {
  const known = zones.get(timeZone)
  if (known !== undefined) return known
  const zone = makeZone(offsets(timeZone))
  if (zones.size < 1_000) zones.set(timeZone, zone)
  return zone
}

const hour = 3_600_000
/** Longer than any zone's offset, and than any change of one: Samoa skipped a whole day. */
const reach = 26 * hour

function makeZone(offsetAt: (at: number) => number): Zone {
  return {
    shownBy(at) {
      const before = offsetAt(at - reach)
      const now = offsetAt(at)
      if (before <= now) return at + now
      const shownAtChange = changeBetween(at - reach, at, offsetAt) + before
      // The local time at the change itself is still to come.
      return Math.max(at + now, shownAtChange - 1)
    },
    firstShown(local) {
      const before = offsetAt(local - reach)
      const after = offsetAt(local + reach)
      if (before === after) return local - before
      const change = changeBetween(local - reach, local + reach, offsetAt)
      return local < change + before ? local - before : Math.max(change, local - after)
    },
  }
}

/** The moment after `from` and not after `to` at which the offset changes, of which there is one. */
function changeBetween(from: number, to: number, offsetAt: (at: number) => number): number {
  const before = offsetAt(from)
  let low = from
  let high = to
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (offsetAt(middle) === before) low = middle
    else high = middle
  }
  return high
}

function offsets(timeZone: string): (at: number) => number {
  const format = formatOf(timeZone)
  return (at) => readOffset(format.format(at))
}

function formatOf(timeZone: string): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' })
  } catch (cause) {
    throw new CeleryError(
      'BAD_OPTION',
      `There is no time zone ${JSON.stringify(timeZone)}: give an IANA name.`,
      {
        cause,
      },
    )
  }
}

/** `1/31/2026, GMT-03:30` */
function readOffset(text: string): number {
  const [, sign, hours, minutes, seconds] = /GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/.exec(text) ?? []
  if (sign === undefined) return 0
  const offset = (Number(hours) * 60 + Number(minutes)) * 60_000 + Number(seconds ?? 0) * 1000
  return sign === '-' ? -offset : offset
}
