import { CeleryError } from '../errors.ts'
import { parseDateTime } from './time.ts'

/** A value of Python's that JavaScript has no type for: immutable, and read and written as its text. */
abstract class PythonValue {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }

  toString(): string {
    return this.text
  }

  toJSON(): string {
    return this.text
  }
}

/** A day without a time: Python's `date`, `2026-03-01`. */
export class PlainDate extends PythonValue {
  constructor(text: string) {
    const isDay = /^\d{4}-\d\d-\d\d$/.test(text) && parseDateTime(text) !== undefined
    if (!isDay) throw new CeleryError('BAD_VALUE', 'A PlainDate is a day of the calendar like 2026-03-01')
    super(text)
  }
}

const timePattern =
  /^((?:[01]\d|2[0-3]):[0-5]\d)(:[0-5]\d)?(?:\.(\d{1,6}))?([+-](?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{6})?)?)?$/

/** A time of day without a day: Python's `time`, `09:30:00.123456`, and its offset where it has one. */
export class PlainTime extends PythonValue {
  constructor(text: string) {
    const [, minutes, seconds = ':00', fraction = '', offset = ''] = timePattern.exec(text) ?? []
    if (minutes === undefined)
      throw new CeleryError(
        'BAD_VALUE',
        'A PlainTime is a time of day like 09:30:00 or 09:30:00.123456+02:00',
      )
    // As Python writes it: microseconds, or nothing when there are none.
    const micros = /[1-9]/.test(fraction) ? `.${fraction.padEnd(6, '0')}` : ''
    super(`${minutes}${seconds}${micros}${offset}`)
  }
}

/** Python refuses integers of more digits (`sys.set_int_max_str_digits`); a Decimal is no longer here either. */
export const maxDigits = 4_300

// No digit can be matched in two ways: else a long text that is no number would take time by the square of its length.
const decimalPattern = /^[+-]?(?:(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?|inf(?:inity)?|s?nan\d*)$/i

/** An exact decimal number: Python's `Decimal`. Digits are kept as they are, trailing zeros too; up to 4,300 of them. */
export class Decimal extends PythonValue {
  constructor(value: string | number | bigint) {
    const text = String(value)
    if (text.length > maxDigits) {
      throw new CeleryError('BAD_VALUE', `A Decimal has no more than ${maxDigits} digits`)
    }
    if (!decimalPattern.test(text)) throw new CeleryError('BAD_VALUE', 'A Decimal is a number like 12.50')
    super(text)
  }

  /** The nearest number. */
  toNumber(): number {
    const text = this.text
    if (/^[+-]?inf/i.test(text)) return text.startsWith('-') ? -Infinity : Infinity
    return Number(text)
  }
}

/** Python's `UUID`. A UUID in a string stays a string on both sides; this is for what must arrive as a `UUID`. */
export class Uuid extends PythonValue {
  constructor(text: string) {
    const hex = text.replace(/^urn:uuid:|^\{|\}$|-/g, '').toLowerCase()
    if (!/^[0-9a-f]{32}$/.test(hex)) throw new CeleryError('BAD_VALUE', 'A Uuid has 32 hexadecimal digits')
    super(hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5'))
  }

  /** The 32 digits without hyphens. */
  get hex(): string {
    return this.text.replaceAll('-', '')
  }
}
