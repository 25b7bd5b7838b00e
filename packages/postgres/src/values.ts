import pg from 'pg'

const { builtins } = pg.types
const textArray = 1009

type Parse = (text: string) => unknown

const pgParser = pg.types.getTypeParser as (oid: number, format?: 'text' | 'binary') => Parse

/**
 * How values come out of PostgreSQL, where that differs from pg's defaults:
 *
 * - int8 (`count(*)`, `sum(int)`): a number; one beyond 2^53 - 1 is an error rather than a rounded number.
 * - numeric: a string, exact.
 * - date: `YYYY-MM-DD`, since a day has no time zone.
 * - timestamptz: RFC 3339 in UTC with milliseconds, `2026-03-01T09:30:00.120Z`, as a `Date` writes itself. One that
 *   PostgreSQL made (`now()`) keeps its microseconds, so that a value read can be compared with again. Sessions run in
 *   UTC (see `openDatabase`).
 * - timestamp without time zone: the same without the `Z`.
 *
 * Arrays of these follow.
 */
const parsers: Record<number, Parse> = {
  [builtins.INT8]: safeInteger,
  [builtins.DATE]: asIs,
  [builtins.TIMESTAMP]: isoTime,
  [builtins.TIMESTAMPTZ]: isoTime,
  1016: arrayOf(safeInteger),
  1115: arrayOf(isoTime),
  1182: arrayOf(asIs),
  1185: arrayOf(isoTime),
  1231: arrayOf(asIs),
}

/** The parsers above, falling back on pg's own, in the shape that pg's `types` option has. */
export const valueTypes: pg.CustomTypesConfig = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') =>
    (format !== 'binary' && parsers[oid]) || pgParser(oid, format),
}

function safeInteger(text: string): number {
  const value = Number(text)
  if (Number.isSafeInteger(value)) return value
  throw new RangeError(`${text} is too large to be read as a number: select it as text`)
}

// PostgreSQL's ISO style, which leaves trailing zeros out: 2026-03-01 09:30:00.12+00. 'infinity' and years BC stay
// as they are.
function isoTime(text: string): string {
  const [, day, time, fraction = '', utc] =
    /^(\d{4,6}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.(\d+))?(\+00)?$/.exec(text) ?? []
  if (day === undefined) return text
  return `${day}T${time}.${fraction.padEnd(3, '0')}${utc ? 'Z' : ''}`
}

function asIs(text: string): string {
  return text
}

function arrayOf(parse: Parse): Parse {
  const parseTexts = pgParser(textArray)
  const parseItem = (item: unknown): unknown => {
    if (Array.isArray(item)) return item.map(parseItem)
    return typeof item === 'string' ? parse(item) : item
  }
  return (text) => parseItem(parseTexts(text))
}
