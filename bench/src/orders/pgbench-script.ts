import { bookIdStart } from './books.ts'
import { recorded, recordedLock, type Statement } from './record.ts'

/** What pgbench runs. */
export interface Script {
  text: string
  /** What its variables are at the start, for `--define`. */
  variables: ReadonlyMap<string, string>
}

/**
 * Each client counts its transactions. An order's number has the form of the first half of a UUID of version 7, so that
 * ids grow as the shop's do and go to the same places of the indexes.
 */
const preamble = String.raw`\set n :n + 1
\set order (:start + :n) * 65536 + 28672 + :client_id
\set lock :order % 2147483647
\set book random(1, :books)
`

/** What stands for each value of the recorded order, in SQL; with a type where all of a parameter is that value. */
const markers: readonly { value: string; sql: string; type?: string }[] = [
  {
    value: recorded.orderId,
    sql: "lpad(to_hex(:order::bigint), 16, '0') || '8000000000000000'",
    type: 'uuid',
  },
  { value: recorded.bookId, sql: `'${bookIdStart}' || lpad(to_hex(:book::int), 12, '0')`, type: 'uuid' },
  { value: recorded.email, sql: "'buyer-' || :order::bigint || '@example.com'" },
  { value: recorded.key, sql: "'bench-' || :order::bigint" },
]

/** The statements of one order as one of pgbench's transactions, the values of that order made up anew each time. */
export function scriptOf(statements: readonly Statement[], books: number): Script {
  const variables = new Map([
    ['n', '0'],
    ['start', String(Date.now())],
    ['books', String(books)],
  ])
  const names = new Map<string, string>()
  const define = (value: string): string => {
    const name = names.get(value) ?? `c${names.size}`
    names.set(value, name)
    variables.set(name, value)
    return `:${name}`
  }
  const lines = statements.map(({ text, values }) => {
    const filled = text.replace(/\$(\d+)/g, (_, index) => parameter(values[Number(index) - 1], define))
    return `${filled};\n`
  })
  return { text: preamble + lines.join(''), variables }
}

type Define = (value: string) => string

function parameter(value: unknown, define: Define): string {
  if (value === null || value === undefined) return 'null'
  if (value === recordedLock) return ':lock::int'
  if (value instanceof Date) {
    const later = value.getTime() - recorded.now.getTime()
    return `(now() + ${define(`${later} milliseconds`)}::interval)`
  }
  const text = textOf(value)
  const whole = markers.find((marker) => marker.value === text)
  if (whole) return whole.type === undefined ? `(${whole.sql})` : `(${whole.sql})::${whole.type}`
  const parts = partsOf(text)
  // As the driver sends it: without a type.
  if (parts.length === 1) return define(text)
  return `(${parts.map((part) => markers.find((marker) => marker.value === part)?.sql ?? `${define(part)}::text`).join(' || ')})`
}

/** A text cut before and behind each value of the recorded order. */
function partsOf(text: string): string[] {
  const values = new RegExp(`(${markers.map(({ value }) => value.replaceAll('.', '\\.')).join('|')})`)
  return text.split(values).filter((part) => part !== '')
}

/** A value as PostgreSQL reads it. */
function textOf(value: unknown): string {
  if (Buffer.isBuffer(value)) return `\\x${value.toString('hex')}`
  if (Array.isArray(value)) return `{${value.map(itemOf).join(',')}}`
  return String(value)
}

function itemOf(item: unknown): string {
  return item === null || item === undefined ? 'NULL' : `"${String(item).replace(/["\\]/g, '\\$&')}"`
}
