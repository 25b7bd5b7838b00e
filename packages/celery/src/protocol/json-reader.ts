import type { DecodeOptions } from './json.ts'
import { ProtocolError, quoted } from './protocol-error.ts'
import { Decimal, maxDigits, PlainDate, PlainTime, Uuid } from './python-values.ts'
import { parseDateTime } from './time.ts'

/** Reads JSON that `JSON.parse` cannot read, or not exactly. */
export function readJson(text: string, maxDepth: number, options: DecodeOptions = {}): unknown {
  return new JsonReader(text, maxDepth, options).read()
}

const words: Record<string, [text: string, value: unknown]> = {
  t: ['true', true],
  f: ['false', false],
  n: ['null', null],
  N: ['NaN', Number.NaN],
  I: ['Infinity', Infinity],
  '-I': ['-Infinity', -Infinity],
}

const numberPattern = /-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/y

class JsonReader {
  readonly #text: string
  readonly #maxDepth: number
  readonly #options: DecodeOptions
  #at = 0
  #depth = 0

  constructor(text: string, maxDepth: number, options: DecodeOptions) {
    this.#text = text
    this.#maxDepth = maxDepth
    this.#options = options
  }

  read(): unknown {
    const value = this.#value()
    this.#skipSpace()
    if (this.#at < this.#text.length) this.#fail('goes on after its end')
    return value
  }

  #value(): unknown {
    this.#skipSpace()
    const first = this.#text[this.#at]
    if (first === '"') return this.#string()
    if (first === '{') return this.#nested(() => this.#object())
    if (first === '[') return this.#nested(() => this.#list())
    const word = words[first === '-' && this.#text[this.#at + 1] === 'I' ? '-I' : (first ?? '')]
    if (word === undefined) return this.#number()
    if (!this.#text.startsWith(word[0], this.#at)) this.#fail('is not JSON')
    this.#at += word[0].length
    return word[1]
  }

  #nested<T>(read: () => T): T {
    if (++this.#depth > this.#maxDepth) this.#fail(`is nested more than ${this.#maxDepth} deep`)
    this.#at++
    const value = read()
    this.#depth--
    return value
  }

  #list(): unknown[] {
    const items: unknown[] = []
    if (this.#take(']')) return items
    do items.push(this.#value())
    while (this.#take(','))
    this.#expect(']')
    return items
  }

  #object(): unknown {
    const fields: Record<string, unknown> = {}
    let count = 0
    if (this.#take('}')) return fields
    do {
      this.#skipSpace()
      const key = this.#string()
      this.#expect(':')
      if (!Object.hasOwn(fields, key)) count++
      setField(fields, key, this.#value())
    } while (this.#take(','))
    this.#expect('}')
    const isTyped = count === 2 && Object.hasOwn(fields, '__type__') && Object.hasOwn(fields, '__value__')
    return isTyped ? this.#typed(fields) : fields
  }

  #typed(fields: Record<string, unknown>): unknown {
    try {
      return readTyped(fields.__type__, fields.__value__, this.#options.timeZone)
    } catch (error) {
      if (this.#options.keepUnknown && error instanceof ProtocolError) return fields
      throw error
    }
  }

  #string(): string {
    if (this.#text[this.#at] !== '"') this.#fail('is not JSON')
    const start = this.#at
    let end = this.#text.indexOf('"', start + 1)
    while (end !== -1 && isEscaped(this.#text, end)) end = this.#text.indexOf('"', end + 1)
    if (end === -1) this.#fail('ends within a string')
    this.#at = end + 1
    try {
      return JSON.parse(this.#text.slice(start, end + 1))
    } catch {
      return this.#fail('has a string that is not JSON')
    }
  }

  #number(): number | bigint {
    numberPattern.lastIndex = this.#at
    const match = numberPattern.exec(this.#text)
    if (match === null) return this.#fail('is not JSON')
    const [digits, fraction, exponent] = match
    this.#at += digits.length
    const value = Number(digits)
    if (fraction !== undefined || exponent !== undefined || Number.isSafeInteger(value)) return value
    if (digits.length > maxDigits) this.#fail(`has an integer of more than ${maxDigits} digits`)
    return BigInt(digits)
  }

  #take(mark: string): boolean {
    this.#skipSpace()
    if (this.#text[this.#at] !== mark) return false
    this.#at++
    return true
  }

  #expect(mark: string): void {
    if (!this.#take(mark)) this.#fail('is not JSON')
  }

  #skipSpace(): void {
    while (isSpace(this.#text.charCodeAt(this.#at))) this.#at++
  }

  #fail(why: string): never {
    throw new ProtocolError('undecodable', `The text ${why} (at character ${this.#at})`)
  }
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09
}

function isEscaped(text: string, quote: number): boolean {
  let slashes = 0
  while (text[quote - 1 - slashes] === '\\') slashes++
  return slashes % 2 === 1
}

/** Assignment to `__proto__` would set the prototype. */
function setField(fields: Record<string, unknown>, key: string, value: unknown): void {
  if (key !== '__proto__') fields[key] = value
  else Object.defineProperty(fields, key, { value, enumerable: true, configurable: true, writable: true })
}

/** The value of a `{"__type__", "__value__"}`. */
function readTyped(type: unknown, value: unknown, timeZone: string | undefined): unknown {
  const read = typeof type === 'string' && Object.hasOwn(typeReaders, type) ? typeReaders[type] : undefined
  if (read === undefined)
    throw new ProtocolError('undecodable', `A value is of the type ${quoted(type)}, which is not known here`)
  let result: unknown
  try {
    result = read(value, timeZone)
  } catch (error) {
    if (error instanceof RangeError) throw error
  }
  if (result === undefined)
    throw new ProtocolError('undecodable', `A value of the type ${quoted(type)} is not of that form`)
  return result
}

type ReadTyped = (value: unknown, timeZone: string | undefined) => unknown

const typeReaders: Record<string, ReadTyped> = {
  datetime: ofText(parseDateTime),
  // Python takes the day of a datetime too.
  date: ofText((text) => parseDateTime(text) && new PlainDate(text.slice(0, 10))),
  time: ofText((text) => new PlainTime(text)),
  decimal: ofText((text) => new Decimal(text)),
  bytes: ofText((text) => (text.isWellFormed() ? new TextEncoder().encode(text) : undefined)),
  base64: ofText(readBase64),
  uuid: (value) =>
    typeof value === 'object' && value !== null && 'hex' in value ? new Uuid(String(value.hex)) : undefined,
}

function ofText(read: (text: string, timeZone: string | undefined) => unknown): ReadTyped {
  return (value, timeZone) => (typeof value === 'string' ? read(value, timeZone) : undefined)
}

function readBase64(text: string): Uint8Array | undefined {
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return undefined
  return new Uint8Array(Buffer.from(text, 'base64'))
}
