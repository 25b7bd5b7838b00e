import { lengthOf, quote, reprOfBytes, reprOfScalar, truncate } from './repr-scalar.ts'

/** Celery's `argsrepr_maxsize` and `kwargsrepr_maxsize`. */
const maxReprLength = 1_024

/** Celery's `task_repr_maxlevels`: what is nested deeper is shown as `[...]`. */
const maxLevels = 3

/**
 * The value as Celery's Python shows it in `argsrepr`, events and Flower: `{'x': 1, 'when': None}`, about `maxLength`
 * characters of it at most. Like Celery's own (`saferepr`) and unlike Python's `repr` it escapes nothing in a string
 * but the quote. A whole number is shown as an integer. Never throws.
 */
export function pythonRepr(value: unknown, maxLength = maxReprLength): string {
  return written(maxLength, (writer) => writer.value(value))
}

/** The arguments of a task as Python shows them, a tuple: `(1, 2)`, `(1,)`, `()`. */
export function pythonArgsRepr(args: readonly unknown[], maxLength = maxReprLength): string {
  return written(maxLength, (writer) => writer.list(args, '(', args.length === 1 ? ',)' : ')'))
}

function written(room: number, write: (writer: ReprWriter) => void): string {
  const writer = new ReprWriter(room)
  try {
    write(writer)
    return writer.text
  } catch {
    // A getter or a toJSON of the caller's threw: the rest cannot be shown.
    return `${writer.text}<unrepresentable>`
  }
}

/** Writes token by token until no room is left; then `, ...` once, and what closes the brackets that are open. */
class ReprWriter {
  text = ''
  #room: number
  #level = 0
  #isCut = false

  constructor(room: number) {
    this.#room = room
  }

  value(value: unknown): void {
    if (this.#isFull()) return
    if (typeof value === 'string') this.#put(quote(value, this.#room))
    else if (typeof value !== 'object' || value === null) this.#put(truncate(reprOfScalar(value), this.#room))
    else if (Array.isArray(value)) this.list(value, '[', ']')
    else if (value instanceof Uint8Array) this.#put(reprOfBytes(value, this.#room))
    else if (isPlain(value)) this.#fields(value)
    else this.#instance(value)
  }

  list(items: readonly unknown[], open: string, close: string): void {
    if (!this.#open(open, close)) return
    for (let i = 0; i < items.length; i++) {
      if (i > 0) this.#literal(', ')
      this.value(items[i])
      if (this.#isCut) break
    }
    this.#close(close)
  }

  #fields(fields: object): void {
    if (!this.#open('{', '}')) return
    let separator = ''
    for (const [key, field] of Object.entries(fields)) {
      if (field === undefined) continue
      if (separator !== '') this.#literal(separator)
      separator = ', '
      if (!this.#isFull()) this.#put(quote(key, this.#room))
      this.#literal(': ')
      this.value(field)
      if (this.#isCut) break
    }
    this.#close('}')
  }

  #instance(value: object): void {
    const scalar = reprOfScalar(value)
    if (scalar !== undefined) this.#put(truncate(scalar, this.#room))
    else if ('toJSON' in value && typeof value.toJSON === 'function') this.#json(value.toJSON())
    else this.#json(value)
  }

  /** Asks no second time for a JSON form. */
  #json(value: unknown): void {
    if (typeof value !== 'object' || value === null) this.value(value)
    else if (Array.isArray(value)) this.list(value, '[', ']')
    else if (kindOf(value) === 'Object') this.#fields(value)
    else this.#put(truncate(`<${kindOf(value)}>`, this.#room))
  }

  #open(open: string, close: string): boolean {
    if (this.#isFull()) return false
    const isShown = this.#level < maxLevels
    this.#put(isShown ? open : `${open}...${close}`)
    if (isShown) this.#level++
    return isShown
  }

  #close(close: string): void {
    this.#level--
    this.#put(close)
  }

  #literal(text: string): void {
    if (!this.#isFull()) this.#put(text)
  }

  #put(token: string): void {
    this.text += token
    this.#room -= lengthOf(token)
  }

  #isFull(): boolean {
    if (this.#isCut) return true
    if (this.#room > 0) return false
    this.#isCut = true
    this.text += ', ...'
    return true
  }
}

function kindOf(value: object): string {
  return Object.prototype.toString.call(value).slice(8, -1)
}

function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
