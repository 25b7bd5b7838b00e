const day = 86_400_000

/** Changes of a zone's offset are further apart than this: by any history of the zones, nearly four days at least. */
const stretch = 3 * day

/** No zone has changed its offset before, the first being Manila's at the end of 1844. */
const first = Date.UTC(1800, 0, 1)
/** From some centuries before this on, the rules of today repeat with the calendar: every 400 years. */
const last = Date.UTC(2500, 0, 1)
const cycle = 146_097 * day

/** What was found out: reading it from `Intl` takes microseconds, and a message may hold very many times. */
interface Zone {
  format: Intl.DateTimeFormat
  /** By the stretch: its offset, or those before and after the change in it. There are 85,000 stretches at most. */
  stretches: Map<number, number | Change>
}

interface Change {
  at: number
  before: number
  after: number
}

const zones = new Map<string, Zone>()

/** Milliseconds that the zone is ahead of UTC at that instant. */
export function offsetAt(instant: number, timeZone: string): number {
  const zone = zoneOf(timeZone)
  const at = folded(instant)
  const index = Math.floor(at / stretch)
  let known = zone.stretches.get(index)
  if (known === undefined) {
    known = lookUp(zone.format, index * stretch)
    zone.stretches.set(index, known)
  }
  if (typeof known === 'number') return known
  return at < known.at ? known.before : known.after
}

/** An instant of the years 1800 to 2499 with the same offset. */
function folded(instant: number): number {
  if (instant < first) return first
  if (instant < last) return instant
  return instant - Math.ceil((instant - last + 1) / cycle) * cycle
}

function lookUp(format: Intl.DateTimeFormat, from: number): number | Change {
  const before = readOffset(format, from)
  const after = readOffset(format, from + stretch)
  if (before === after) return before
  let low = from
  let high = from + stretch
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (readOffset(format, middle) === before) low = middle
    else high = middle
  }
  return { at: high, before, after }
}

function zoneOf(timeZone: string): Zone {
  const known = zones.get(timeZone)
  if (known !== undefined) return known
  const format = new Intl.DateTimeFormat('en-US', { timeZone, hour: 'numeric', timeZoneName: 'longOffset' })
  const zone: Zone = { format, stretches: new Map() }
  // An app has one time zone; only a program that makes zones up would fill this.
  if (zones.size >= 100) zones.clear()
  zones.set(timeZone, zone)
  return zone
}

/** Of `9 AM GMT-03:30`, or of `GMT` alone for UTC. */
function readOffset(format: Intl.DateTimeFormat, instant: number): number {
  const [, sign, hours, minutes, seconds = '0'] =
    /GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/.exec(format.format(instant)) ?? []
  const size = (Number(hours ?? 0) * 3_600 + Number(minutes ?? 0) * 60 + Number(seconds)) * 1_000
  return sign === '-' ? -size : size
}
