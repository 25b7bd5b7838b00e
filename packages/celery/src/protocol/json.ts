import { CeleryError } from '../errors.ts'
import { readJson } from './json-reader.ts'
import { type WriteLimits, writeJson } from './json-writer.ts'

/** How deep lists and objects that are read may be nested: about where Python's own reader gives up. */
const maxReadDepth = 1_000

/** A little less, so that what is written can be read with a message or a stored result around it. */
const maxWriteDepth = 990

const forAll: WriteLimits = { maxDepth: maxWriteDepth, halfPairs: false }
const forUs: WriteLimits = { maxDepth: maxReadDepth, halfPairs: true }

export interface DecodeOptions {
  /** Of times that Python sends without an offset: `UTC` when absent. */
  timeZone?: string
  /** Leave a typed value that cannot be read as the object that it is in JSON. */
  keepUnknown?: boolean
}

/**
 * A value as kombu writes it to JSON, where `T(x)` is `{"__type__": "T", "__value__": x}`:
 *
 * | TypeScript             | JSON                               | Python             |
 * | ---------------------- | ---------------------------------- | ------------------ |
 * | number, safe integer   | integer                            | int                |
 * | number, other          | float, NaN, Infinity, -Infinity    | float              |
 * | bigint                 | integer                            | int                |
 * | Date                   | datetime(ISO 8601, `+00:00`)       | datetime, aware    |
 * | PythonDate             | datetime(as it came)               | datetime           |
 * | PlainDate, PlainTime   | date(text), time(text)             | date, time         |
 * | Decimal                | decimal(text)                      | Decimal            |
 * | Uuid                   | uuid({"hex"})                      | UUID               |
 * | Uint8Array             | bytes(text) if UTF-8, base64(text) | bytes              |
 * | array                  | array                              | list (tuple comes) |
 * | object, `toJSON()`     | object                             | dict, string keys  |
 *
 * A whole number beyond 2^53 is written as a float, since a number there is no exact integer: use a bigint. Python's
 * 1.0 is 1 here, and an int when it is sent back. Properties that are undefined are left out, as always in JSON.
 * An undefined item of a list, a function, a symbol, a cycle, half of a surrogate pair, and objects that JSON has no
 * form for (Map, Set, Error) are a `BAD_VALUE` that says where; `name` is what the message calls the value.
 */
export function encodeJson(value: unknown, name = 'value'): string {
  return encode(value, name, forAll)
}

/**
 * The same for `decodeJson` of this package alone: it has a form for all that `decodeJson` gives, as deep as it reads
 * and with halves of surrogate pairs.
 */
export function encodeForUs(value: unknown, name: string): string {
  return encode(value, name, forUs)
}

function encode(value: unknown, name: string, limits: WriteLimits): string {
  try {
    return isPlain(value, 0) ? JSON.stringify(value) : writeJson(value, name, limits)
  } catch (error) {
    if (error instanceof CeleryError) throw error
    // A getter or a toJSON of the value's own threw, which no further try mends.
    throw new CeleryError('BAD_VALUE', `${name} cannot be read: ${String(error)}`, { cause: error })
  }
}

/**
 * Reads what kombu wrote, by the same table. Integers beyond 2^53 are bigints. A datetime is a `Date`, and a `PythonDate`
 * when that would lose something of it. What kombu before 5.3 sent as plain ISO 8601 text stays text. Throws a
 * `ProtocolError` when it is not JSON, is nested too deeply, or holds a `__type__` that is not known.
 */
export function decodeJson(text: string, options?: DecodeOptions): unknown {
  if (!mayHoldTypes(text)) {
    const value = parsed(text)
    if (value !== undefined && isExact(value, 0)) return value
  }
  return readJson(text, maxReadDepth, options)
}

/** `JSON.stringify` writes it just as it should be written. */
function isPlain(value: unknown, depth: number): boolean {
  switch (typeof value) {
    case 'string':
      return value.isWellFormed()
    case 'number':
      return Number.isInteger(value) ? isExactInteger(value) : Number.isFinite(value)
    case 'boolean':
      return true
    case 'object':
      return value === null || (depth < maxWriteDepth && isPlainObject(value, depth + 1))
    default:
      return false
  }
}

function isExactInteger(value: number): boolean {
  return Number.isSafeInteger(value) && (value !== 0 || 1 / value > 0)
}

function isPlainObject(value: object, depth: number): boolean {
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) if (!isPlain(value[i], depth)) return false
    return true
  }
  const prototype = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return false
  const fields = value as Record<string, unknown>
  for (const key in fields) {
    if (key === '__type__' || !key.isWellFormed()) return false
    const field = fields[key]
    if (field !== undefined && !isPlain(field, depth)) return false
  }
  return true
}

/** A `__type__` is there, or could be: any of its letters may be escaped. */
function mayHoldTypes(text: string): boolean {
  return text.includes('__type__') || (text.includes('\\u00') && /\\u00[4-7]/.test(text))
}

/** Undefined for what is not JSON to JavaScript: NaN and Infinity are to Python; else the reader says what is wrong. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** No number in it was an integer that JavaScript rounds, and it is not nested too deeply. */
function isExact(value: unknown, depth: number): boolean {
  if (typeof value === 'number')
    return Number.isSafeInteger(value) || (Number.isFinite(value) && !Number.isInteger(value))
  if (typeof value !== 'object' || value === null) return true
  if (depth >= maxReadDepth) return false
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) if (!isExact(value[i], depth + 1)) return false
    return true
  }
  const fields = value as Record<string, unknown>
  for (const key in fields) if (!isExact(fields[key], depth + 1)) return false
  return true
}
