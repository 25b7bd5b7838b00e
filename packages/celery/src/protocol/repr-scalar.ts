import { isUtf8 } from 'node:buffer'
import { Decimal, PlainDate, PlainTime, Uuid } from './python-values.ts'
import { PythonDate } from './time.ts'

/** Python's `repr` of a value that holds no others; undefined for an object that has none there. */
export function reprOfScalar(value: object): string | undefined
export function reprOfScalar(value: unknown): string
export function reprOfScalar(value: unknown): string | undefined {
  switch (typeof value) {
    case 'number':
      return reprOfNumber(value)
    case 'boolean':
      return value ? 'True' : 'False'
    case 'undefined':
      return 'None'
    case 'object':
      return value === null ? 'None' : reprOfObject(value)
    case 'function':
      return `<function ${value.name}>`
    default:
      return String(value)
  }
}

function reprOfObject(value: object): string | undefined {
  if (value instanceof Date) return reprOfDate(value)
  if (value instanceof Decimal) return `Decimal('${value.text}')`
  if (value instanceof Uuid) return `UUID('${value.text}')`
  if (value instanceof PlainDate) return `datetime.date(${numbers(value.text).join(', ')})`
  if (value instanceof PlainTime) return reprOfTime(value.text)
  return undefined
}

/** An integer as it is, a float as Python's: `1e+16` from there on, `1e-05` below 0.0001. */
function reprOfNumber(value: number): string {
  if (Number.isSafeInteger(value)) return Object.is(value, -0) ? '-0.0' : String(value)
  if (Number.isNaN(value)) return 'nan'
  const size = Math.abs(value)
  if (size === Infinity) return value < 0 ? '-inf' : 'inf'
  if (size >= 1e16 || size < 1e-4) return value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2')
  return Number.isInteger(value) ? `${value}.0` : String(value)
}

/** `datetime.datetime(2026, 3, 1, 9, 30, tzinfo=datetime.timezone.utc)` */
function reprOfDate(date: Date): string {
  if (Number.isNaN(date.getTime())) return '<Invalid Date>'
  const iso = date instanceof PythonDate && date.isUnchanged ? date.iso : date.toISOString()
  const [day = '', time = ''] = iso.split(/[T ]/)
  const parts = [...numbers(day), ...timeParts(time)]
  return `datetime.datetime(${[...parts, ...zone(time)].join(', ')})`
}

/** `datetime.time(9, 30)` */
function reprOfTime(text: string): string {
  return `datetime.time(${[...timeParts(text), ...zone(text)].join(', ')})`
}

/** Hour, minute, second and microsecond, the last two left out where Python leaves them out. */
function timeParts(text: string): number[] {
  const [, hour, minute, second, fraction = ''] = /^(\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?/.exec(text) ?? []
  const parts = [hour, minute, second, fraction.slice(0, 6).padEnd(6, '0')].map((part) => Number(part ?? 0))
  while (parts.length > 2 && parts.at(-1) === 0) parts.pop()
  return parts
}

function zone(time: string): string[] {
  const [, sign, hour, minute, second = '0', fraction = ''] =
    /(?:([+-])(\d\d):?(\d\d):?(\d\d)?(?:\.(\d+))?|Z)$/.exec(time) ?? []
  if (sign === undefined) return time.endsWith('Z') ? ['tzinfo=datetime.timezone.utc'] : []
  const seconds = Number(hour) * 3600 + Number(minute) * 60 + Number(second)
  const micros = Number(fraction.slice(0, 6).padEnd(6, '0'))
  const total = (seconds * 1_000_000 + micros) * (sign === '-' ? -1 : 1)
  if (total === 0) return ['tzinfo=datetime.timezone.utc']
  return [`tzinfo=datetime.timezone(${reprOfDelta(total)})`]
}

/** A negative duration is to Python some days back and some seconds on from there. */
function reprOfDelta(total: number): string {
  const day = 86_400_000_000
  const days = Math.floor(total / day)
  const rest = total - days * day
  const named = { days, seconds: Math.floor(rest / 1_000_000), microseconds: rest % 1_000_000 }
  const parts = Object.entries(named).filter(([, amount]) => amount !== 0)
  return `datetime.timedelta(${parts.map(([name, amount]) => `${name}=${amount}`).join(', ')})`
}

function numbers(text: string): number[] {
  return text.split('-').map(Number)
}

export function quote(text: string, room: number): string {
  return `'${truncate(text, room).replaceAll("'", "\\'")}'`
}

/** Bytes that are text are shown as text, others in hexadecimal. */
export function reprOfBytes(bytes: Uint8Array, room: number): string {
  const shown = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, room))
  const text = isUtf8(shown) ? shown.toString('utf8') : shown.toString('hex')
  return `b'${text}${bytes.length > room ? '...' : ''}'`
}

/** Cut after the last word that fits, as Celery cuts it. */
export function truncate(text: string, room: number): string {
  if (text.length < room) return text
  const head = firstCharacters(text, room)
  if (head === undefined) return text
  const space = head.lastIndexOf(' ')
  return `${space === -1 ? head : head.slice(0, space)}...`
}

/** Python counts characters beyond U+FFFF once, JavaScript twice. Undefined when there are fewer than `count`. */
function firstCharacters(text: string, count: number): string | undefined {
  let end = 0
  for (let i = 0; i < count; i++) {
    const code = text.codePointAt(end)
    if (code === undefined) return undefined
    end += code > 0xffff ? 2 : 1
  }
  return text.slice(0, end)
}

export function lengthOf(text: string): number {
  let length = text.length
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code >= 0xd800 && code < 0xdc00) length--
  }
  return length
}
