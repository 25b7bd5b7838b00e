import fc from 'fast-check'
import { Decimal, PlainDate, PlainTime, Uuid } from '../../../src/protocol/python-values.ts'
import { parseDateTime } from '../../../src/protocol/time.ts'

const years = { min: new Date('0001-01-01T00:00:00Z'), max: new Date('9999-12-31T23:59:59.999Z') }

const date = fc.date({ ...years, noInvalidDate: true })

/** As Python writes it: microseconds or none, an offset or none. */
const pythonDate = fc
  .tuple(
    date,
    fc.integer({ min: 0, max: 999 }),
    fc.constantFrom('', '+00:00', '+02:00', '-03:30', '+00:00:01'),
  )
  // The offset must not lead out of the years.
  .filter(([at]) => at.getUTCFullYear() > 1 && at.getUTCFullYear() < 9999)
  .map(([at, micros, zone]) => {
    const rest = at.getUTCMilliseconds() * 1000 + micros
    const text =
      at.toISOString().slice(0, 19) + (rest === 0 ? '' : `.${String(rest).padStart(6, '0')}`) + zone
    return parseDateTime(text)
  })

const time = fc
  .tuple(
    fc.date({ ...years, noInvalidDate: true }),
    fc.constantFrom(8, 12),
    fc.constantFrom('', '+02:00', '-03:30'),
  )
  .map(([at, end, zone]) => at.toISOString().slice(11, 11 + end) + zone)

const decimal = fc
  .tuple(fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }), fc.integer({ min: 0, max: 9 }))
  .map(([units, places]) => new Decimal(places === 0 ? units : `${units}.${'7'.repeat(places)}`))

const bigInteger = fc.oneof(
  fc.bigInt({ min: 2n ** 53n, max: 2n ** 200n }),
  fc.bigInt({ min: -(2n ** 200n), max: -(2n ** 53n) }),
)

const integer = fc.maxSafeInteger()

/** Floats that stay floats on the way: a whole number is an integer to who reads it. */
const float = fc.double().filter((number) => !Number.isSafeInteger(number) || Object.is(number, -0))

/** Text in which quotes, spaces, backslashes and characters beyond U+FFFF are frequent. */
const text = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.string({ unit: fc.constantFrom("'", '"', '\\', ' ', '\n', 'a', 'é', '😀', '\0') }),
)

const key = fc.oneof(text, fc.constantFrom('__proto__', 'constructor', 'toString', '__value__'))

/** Values of every kind that can be sent. */
export const sendable = fc.letrec<{ value: unknown; list: unknown[]; object: object }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom(null, true, false),
    integer,
    float,
    bigInteger,
    text,
    date,
    pythonDate,
    date.map((day) => new PlainDate(day.toISOString().slice(0, 10))),
    time.map((at) => new PlainTime(at)),
    decimal,
    fc.uuid().map((id) => new Uuid(id)),
    fc.uint8Array(),
    text.map((words) => new TextEncoder().encode(words)),
    tie('list'),
    tie('object'),
  ),
  list: fc.array(tie('value'), { maxLength: 6 }),
  object: fc.dictionary(key, tie('value'), { maxKeys: 6, noNullPrototype: true }),
}))
