import { CeleryError } from '../../errors.ts'
import { checkShort } from './short-text.ts'

type Table = Record<string, unknown>

/**
 * Headers as amqplib is to encode them: each integer with a type that all of Python's AMQP libraries read (older ones
 * take the 16-bit one that amqplib likes for a string), numbers beyond 64 bits as fractions.
 * @throws CeleryError `BAD_VALUE` for what has no form in AMQP
 */
export function fieldTable(table: Table): Table {
  const fields: Table = {}
  for (const key in table) {
    const value = table[key]
    if (value === undefined) continue
    checkShort('The header or argument', key)
    fields[key] = fieldValue(value, key)
  }
  return fields
}

function fieldValue(value: unknown, key: string): unknown {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value
    case 'number':
      return numberField(value)
    case 'bigint':
      if (BigInt.asIntN(64, value) === value) return { '!': 'long', value }
      break
    case 'object':
      return objectField(value, key)
  }
  throw new CeleryError(
    'BAD_VALUE',
    `The header ${key} is a ${typeof value}, which AMQP cannot carry; use text, numbers and the like.`,
  )
}

function numberField(value: number): unknown {
  if (!Number.isInteger(value) || Object.is(value, -0)) return { '!': 'double', value }
  if (value >= -128 && value < 128) return value
  if (value >= -0x80000000 && value < 0x80000000) return { '!': 'int', value }
  return Math.abs(value) < 2 ** 63 ? { '!': 'long', value } : { '!': 'double', value }
}

function objectField(value: object | null, key: string): unknown {
  if (value === null || Buffer.isBuffer(value)) return value
  // So it comes out of a dead letter.
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  if (Array.isArray(value)) return value.map((element: unknown) => fieldValue(element ?? null, key))
  if (value instanceof Date) return { '!': 'timestamp', value: Math.floor(value.getTime() / 1_000) }
  const table: Table = { ...value }
  // How amqplib hands out what JavaScript has no type for: it goes back as it came.
  if (table['!'] === 'timestamp' || table['!'] === 'decimal') return value
  return { '!': 'object', value: fieldTable(table) }
}
