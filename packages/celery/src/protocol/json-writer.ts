import { isUtf8 } from 'node:buffer'
import { CeleryError } from '../errors.ts'
import { Decimal, maxDigits, PlainDate, PlainTime, Uuid } from './python-values.ts'
import { formatTime, isPythonTime, PythonDate } from './time.ts'

export interface WriteLimits {
  /** How deep lists and objects may be nested. */
  maxDepth: number
  /** Whether half of a surrogate pair, which Python cannot encode, may be in a text. */
  halfPairs: boolean
}

/** Writes values that `JSON.stringify` cannot, and says of those that nobody can where they are. */
export function writeJson(value: unknown, name: string, limits: WriteLimits): string {
  return new JsonWriter(name, limits).write(value)
}

class JsonWriter {
  readonly #name: string
  readonly #limits: WriteLimits
  readonly #parents: object[] = []
  readonly #keys: (string | number)[] = []

  constructor(name: string, limits: WriteLimits) {
    this.#name = name
    this.#limits = limits
  }

  write(value: unknown): string {
    switch (typeof value) {
      case 'string':
        return this.#string(value)
      case 'number':
        return writeNumber(value)
      case 'bigint':
        return this.#bigint(value)
      case 'boolean':
        return String(value)
      case 'object':
        return value === null ? 'null' : this.#object(value)
      default:
        return this.#refuse(`is ${value === undefined ? 'undefined' : `a ${typeof value}`}`)
    }
  }

  #string(value: string): string {
    if (!this.#limits.halfPairs && !value.isWellFormed())
      this.#refuse('holds half of a surrogate pair, which is no text')
    return JSON.stringify(value)
  }

  #bigint(value: bigint): string {
    const text = String(value)
    if (text.length > maxDigits) this.#refuse(`has more than ${maxDigits} digits, which Python does not read`)
    return text
  }

  #object(value: object): string {
    if (value instanceof Date) return this.#date(value)
    if (value instanceof PlainDate) return typed('date', JSON.stringify(value.text))
    if (value instanceof PlainTime) return typed('time', JSON.stringify(value.text))
    if (value instanceof Decimal) return typed('decimal', JSON.stringify(value.text))
    if (value instanceof Uuid) return typed('uuid', `{"hex":"${value.hex}"}`)
    if (value instanceof Uint8Array) return writeBytes(value)
    if (this.#parents.includes(value)) this.#refuse('holds itself')
    const { maxDepth } = this.#limits
    if (this.#parents.length >= maxDepth) this.#refuse(`is nested more than ${maxDepth} deep`)
    this.#parents.push(value)
    const text = this.#content(value)
    this.#parents.pop()
    return text
  }

  #content(value: object): string {
    if (Array.isArray(value)) return this.#list(value)
    if ('toJSON' in value && typeof value.toJSON === 'function') return this.write(value.toJSON())
    const kind = Object.prototype.toString.call(value)
    if (kind !== '[object Object]') this.#refuse(`is a ${kind.slice(8, -1)}, which has no form in JSON`)
    return this.#fields(value)
  }

  #list(items: unknown[]): string {
    let text = '['
    for (let i = 0; i < items.length; i++) {
      if (i > 0) text += ','
      this.#keys.push(i)
      text += this.write(items[i])
      this.#keys.pop()
    }
    return `${text}]`
  }

  #fields(value: object): string {
    let text = ''
    const entries = Object.entries(value)
    if (entries.length === 2 && '__type__' in value && '__value__' in value)
      this.#refuse('has just the fields __type__ and __value__, which mean a typed value on the wire')
    for (const [key, field] of entries) {
      if (field === undefined) continue
      this.#keys.push(key)
      text += `${text === '' ? '' : ','}${this.#string(key)}:${this.write(field)}`
      this.#keys.pop()
    }
    return `{${text}}`
  }

  #date(value: Date): string {
    if (value instanceof PythonDate && value.isUnchanged) return typed('datetime', JSON.stringify(value.iso))
    if (!isPythonTime(value)) this.#refuse('is an invalid Date, or not in the years 1 to 9999')
    return typed('datetime', JSON.stringify(formatTime(value)))
  }

  #refuse(why: string): never {
    const path = this.#keys.map((key) =>
      /^[a-z_$][\w$]*$/i.test(String(key)) ? `.${key}` : `[${JSON.stringify(key)}]`,
    )
    const where = path.length > 20 ? [...path.slice(0, 20), '...'] : path
    throw new CeleryError('BAD_VALUE', `Cannot be sent as JSON: ${this.#name}${where.join('')} ${why}`)
  }
}

function typed(type: string, value: string): string {
  return `{"__type__":"${type}","__value__":${value}}`
}

function writeBytes(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (isUtf8(buffer)) return typed('bytes', JSON.stringify(buffer.toString('utf8')))
  return typed('base64', JSON.stringify(buffer.toString('base64')))
}

/** Numbers beyond 2^53 and minus zero in a form that Python reads as a float, since as an integer they would not do. */
function writeNumber(value: number): string {
  if (Object.is(value, -0)) return '-0.0'
  if (Number.isSafeInteger(value) || !Number.isInteger(value)) return String(value)
  return value.toExponential()
}
