import { CeleryError } from '../../errors.ts'
import { Decimal } from '../../protocol/python-values.ts'
import { isPythonTime } from '../../protocol/time.ts'
import { checkShort } from './short-text.ts'

type Table = Record<string, unknown>

/** The largest number of 32 bits: py-amqp reads a decimal's digits as one, with its sign. */
const mostDigits = 2 ** 31 - 1
/** A decimal's places are a byte. */
const mostPlaces = 255

const decimalPattern = /^([+-]?\d*)(?:\.(\d*))?(?:e([+-]?\d+))?$/i

/**
 * Headers as amqplib is to encode them, with the types that py-amqp gives them: each integer with one that all of
 * Python's AMQP libraries read (older ones take the 16-bit one that amqplib likes for a string), numbers beyond 64 bits
 * as fractions, a `Date` as a timestamp of whole seconds, a `Decimal` as a decimal. What has a `toJSON` is what that
 * returns, so that a `Uuid`, of which py-amqp sends none, is text.
 * @throws CeleryError `BAD_VALUE`, which says where it is, for what has no form in AMQP
 */
export function fieldTable(table: Table): Table {
  return fieldsOf(table, '')
}

/** @param prefix of the places in the table */
function fieldsOf(table: Table, prefix: string): Table {
  const fields: Table = {}
  for (const key in table) {
    const value = table[key]
    if (value === undefined) continue
    checkShort('The header or argument', key)
    fields[key] = fieldValue(value, prefix + key)
  }
  return fields
}

function fieldValue(value: unknown, place: string): unknown {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value
    case 'number':
      return numberField(value)
    case 'bigint':
      if (BigInt.asIntN(64, value) === value) return { '!': 'long', value }
      return refuse(place, 'a bigint of more than 64 bits')
    case 'object':
      return value === null ? value : objectField(value, place)
    default:
      return refuse(place, `a ${typeof value}`)
  }
}

function numberField(value: number): unknown {
  if (!Number.isInteger(value) || Object.is(value, -0)) return { '!': 'double', value }
  if (value >= -128 && value < 128) return value
  if (value >= -0x80000000 && value < 0x80000000) return { '!': 'int', value }
  return Math.abs(value) < 2 ** 63 ? { '!': 'long', value } : { '!': 'double', value }
}

function objectField(value: object, place: string): unknown {
  if (Buffer.isBuffer(value)) return value
  // So it comes out of a dead letter.
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  if (Array.isArray(value))
    return value.map((element: unknown, i) => fieldValue(element ?? null, `${place}[${i}]`))
  if (value instanceof Date) return timestampField(value, place)
  if (value instanceof Decimal) return decimalField(value, place)
  if ('toJSON' in value && typeof value.toJSON === 'function') return fieldValue(value.toJSON(), place)
  const kind = Object.prototype.toString.call(value)
  if (kind !== '[object Object]') return refuse(place, `a ${kind.slice(8, -1)}`)
  const table: Table = { ...value }
  // How amqplib hands out what JavaScript has no type for: it goes back as it came.
  if (table['!'] === 'timestamp' || table['!'] === 'decimal') return value
  return { '!': 'object', value: fieldsOf(table, `${place}.`) }
}

function timestampField(time: Date, place: string): unknown {
  const seconds = Math.floor(time.getTime() / 1_000)
  if (!isPythonTime(time) || seconds < 0) return refuse(place, 'a Date that is not in the years 1970 to 9999')
  return { '!': 'timestamp', value: seconds }
}

function decimalField({ text }: Decimal, place: string): unknown {
  // Infinity and what is not a number have none of these.
  const [, whole = 'NaN', fraction = '', exponent = '0'] = decimalPattern.exec(text) ?? []
  const places = fraction.length - Number(exponent)
  const digits = Number(whole + fraction) * 10 ** Math.max(0, -places)
  if (!(Math.abs(digits) <= mostDigits) || places > mostPlaces)
    return refuse(place, `a Decimal, ${text.slice(0, 40)}, of more digits than there is room for`)
  // The library writes them without a sign: these are the same bits.
  return { '!': 'decimal', value: { places: Math.max(0, places), digits: digits >>> 0 } }
}

function refuse(place: string, what: string): never {
  throw new CeleryError(
    'BAD_VALUE',
    `The header or argument ${place} is ${what}, which AMQP cannot carry; use text, numbers and the like.`,
  )
}
