import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeJson, encodeJson } from '../../src/protocol/json.ts'
import { ProtocolError } from '../../src/protocol/protocol-error.ts'
import { Decimal, PlainDate, PlainTime, Uuid } from '../../src/protocol/python-values.ts'
import { PythonDate } from '../../src/protocol/time.ts'
import { sendable } from './support/values.ts'

const typed = (type: string, value: unknown) => ({ __type__: type, __value__: value })

describe('a value', () => {
  test('comes back as it was sent', () => {
    fc.assert(
      fc.property(sendable.value, (value) => {
        // vitest takes a field of the name `constructor` for the class.
        expect(isDeepStrictEqual(decodeJson(encodeJson(value)), value)).toBe(true)
      }),
    )
  })

  test.each([
    [new Date('2026-03-01T09:30:00.120Z'), typed('datetime', '2026-03-01T09:30:00.120+00:00')],
    [new PlainDate('2024-02-29'), typed('date', '2024-02-29')],
    [new PlainTime('09:30:00.123456'), typed('time', '09:30:00.123456')],
    [new Decimal('12.50'), typed('decimal', '12.50')],
    [
      new Uuid('0B0E8A5F-3C4C-4B8D-9A3B-1F2E3D4C5B6A'),
      typed('uuid', { hex: '0b0e8a5f3c4c4b8d9a3b1f2e3d4c5b6a' }),
    ],
    [new TextEncoder().encode('né'), typed('bytes', 'né')],
    [Uint8Array.of(0xff, 0), typed('base64', '/wA=')],
  ])('%s is written as %j', (value, wire) => {
    expect(JSON.parse(encodeJson(value))).toEqual(wire)
    expect(decodeJson(JSON.stringify(wire))).toStrictEqual(value)
  })

  test.each([
    [Number.NaN, 'NaN'],
    [Infinity, 'Infinity'],
    [-Infinity, '-Infinity'],
    [-0, '-0.0'],
    [2n ** 64n, '18446744073709551616'],
    [-(2n ** 64n), '-18446744073709551616'],
    // No integer is meant by a number beyond 2^53, so Python must not read one.
    [2 ** 60, '1.152921504606847e+18'],
    [1e300, '1e+300'],
  ])('%s is written as %s', (value, text) => {
    expect(encodeJson(value)).toBe(text)
    expect(decodeJson(text)).toBe(value)
  })

  test('may be a Decimal in each of the forms that Python writes', () => {
    for (const text of ['1', '-1.', '+.5', '0.50', '1E+3', '1e-3', 'Infinity', '-inf', 'NaN', 'sNaN12']) {
      expect(new Decimal(text).text).toBe(text)
    }
    for (const text of ['', '.', '+', 'e3', '1e', '1.2.3', '1x', 'infi']) {
      expect(() => new Decimal(text)).toThrow('A Decimal is a number like 12.50')
    }
  })

  test('is no Decimal of more digits than Python reads, however long', () => {
    expect(decodeJson(encodeJson(new Decimal('9'.repeat(4_300))))).toEqual(new Decimal('9'.repeat(4_300)))
    const before = performance.now()
    for (const text of ['9'.repeat(4_301), `${'9'.repeat(40_000)}x`]) {
      expect(() => decodeJson(JSON.stringify(typed('decimal', text)))).toThrow(ProtocolError)
    }
    expect(() => new Decimal(10n ** 4_300n)).toThrow('no more than 4300 digits')
    expect(performance.now() - before).toBeLessThan(2_000)
  })

  test('keeps safe integers as numbers, of either kind of JSON', () => {
    const most = Number.MAX_SAFE_INTEGER
    expect(decodeJson(`[${most}, ${most + 1}, NaN]`)).toEqual([most, BigInt(most + 1), Number.NaN])
    expect(decodeJson('[1, 1.0, 1e3]')).toEqual([1, 1, 1000])
  })

  test('beyond all floats is still an exact integer', () => {
    const text = `1${'0'.repeat(400)}`
    expect(decodeJson(text)).toBe(10n ** 400n)
    expect(decodeJson('1e400')).toBe(Infinity)
  })

  test('leaves out properties that are undefined, on both ways of writing', () => {
    expect(encodeJson({ a: 1, b: undefined })).toBe('{"a":1}')
    expect(encodeJson({ b: undefined, a: 1n, c: undefined })).toBe('{"a":1}')
  })

  test('may say itself what it is as JSON', () => {
    expect(encodeJson({ url: new URL('https://example.org/'), at: { toJSON: () => [1n] } })).toBe(
      '{"url":"https://example.org/","at":[1]}',
    )
  })

  test('may be an instance of a class', () => {
    class Point {
      x = 1
      y = 2n
    }
    expect(encodeJson(new Point())).toBe('{"x":1,"y":2}')
  })
})

describe('a datetime', () => {
  const read = (text: string, timeZone?: string) =>
    decodeJson(JSON.stringify(typed('datetime', text)), timeZone === undefined ? {} : { timeZone })

  test('is a plain Date when that says all', () => {
    expect(read('2026-03-01T09:30:00.120000+00:00')).toStrictEqual(new Date('2026-03-01T09:30:00.120Z'))
    expect(read('2026-03-01T09:30:00Z')).toStrictEqual(new Date('2026-03-01T09:30:00Z'))
  })

  test.each(['2026-03-01T09:30:00.123456+00:00', '2026-03-01T09:30:00+02:00', '2026-03-01T09:30:00'])(
    '%s keeps what a Date cannot say, until it is changed',
    (text) => {
      const value = read(text)
      expect(value).toBeInstanceOf(PythonDate)
      expect(encodeJson(value)).toBe(JSON.stringify(typed('datetime', text)))
      const changed = value as PythonDate
      changed.setTime(0)
      expect(encodeJson(changed)).toBe(JSON.stringify(typed('datetime', '1970-01-01T00:00:00.000+00:00')))
    },
  )

  test.each([
    ['UTC', '2026-07-01T12:00:00', '2026-07-01T12:00:00.000Z'],
    ['Europe/Berlin', '2026-07-01T12:00:00', '2026-07-01T10:00:00.000Z'],
    ['Europe/Berlin', '2026-01-01T12:00:00.5', '2026-01-01T11:00:00.500Z'],
    // Twice that night: the first. Left out that night: with the offset before.
    ['Europe/Berlin', '2026-10-25T02:30:00', '2026-10-25T00:30:00.000Z'],
    ['Europe/Berlin', '2026-03-29T02:30:00', '2026-03-29T01:30:00.000Z'],
    ['America/New_York', '2026-11-01T01:30:00', '2026-11-01T05:30:00.000Z'],
    ['Asia/Kolkata', '1969-12-31T23:59:59.999', '1969-12-31T18:29:59.999Z'],
    ['Australia/Lord_Howe', '2026-04-05T01:45:00', '2026-04-04T14:45:00.000Z'],
  ])('without an offset is in %s', (timeZone, text, instant) => {
    expect((read(text, timeZone) as Date).toISOString()).toBe(instant)
  })

  test('before the year 100 is of that year', () => {
    expect((read('0099-12-31T00:00:00+00:00') as Date).toISOString()).toBe('0099-12-31T00:00:00.000Z')
  })
})

describe('what cannot be sent is refused, and where it is', () => {
  const cycle: Record<string, unknown> = { a: [] }
  ;(cycle.a as unknown[]).push(cycle)
  let deep: unknown = 1
  for (let i = 0; i < 1001; i++) deep = [deep]

  test.each<[unknown, string]>([
    [undefined, 'args is undefined'],
    [{ a: [1, undefined] }, 'args.a[1] is undefined'],
    [{ a: { 'b c': () => 1 } }, 'args.a["b c"] is a function'],
    [[Symbol('x')], 'args[0] is a symbol'],
    [['\ud800'], 'args[0] holds half of a surrogate pair'],
    [{ '\ud800': 1 }, 'half of a surrogate pair'],
    [new Map(), 'args is a Map'],
    [[new Error('x')], 'args[0] is a Error'],
    [[new Set()], 'args[0] is a Set'],
    [[new Date(Number.NaN)], 'args[0] is an invalid Date'],
    [[new Date('+010000-01-01T00:00:00Z')], 'args[0] is an invalid Date, or not in the years 1 to 9999'],
    [typed('date', '2024-01-01'), '__type__ and __value__'],
    [cycle, 'args.a[0] holds itself'],
    [deep, 'is nested more than 990 deep'],
    [10n ** 5000n, 'more than 4300 digits'],
  ])('%#', (value, why) => {
    expect(() => encodeJson(value, 'args')).toThrow(expect.objectContaining({ code: 'BAD_VALUE' }))
    expect(() => encodeJson(value, 'args')).toThrow(why)
  })

  test('the same value twice is no cycle', () => {
    const twice = [new Date(0)]
    expect(encodeJson([twice, twice])).toBe(`[${encodeJson(twice)},${encodeJson(twice)}]`)
  })
})

describe('what cannot be read is refused', () => {
  test.each([
    '',
    '{',
    '[1,]',
    '[1 2]',
    '{"a"}',
    '{"a":1,}',
    '{a:1}',
    'nul',
    'NaNs',
    '-',
    '01',
    '[NaN',
    '"a',
    '["\u0001", NaN]',
    '["\\x", NaN]',
    '[NaN] x',
    '+1',
    "['a']",
    '\ufeff[]',
    '['.repeat(1001) + ']'.repeat(1001),
    `{"__type__":"set","__value__":[]}`,
    `{"__type__":["date"],"__value__":""}`,
    `{"__type__":"constructor","__value__":""}`,
    `{"\\u005f_type__":"pickle","__value__":""}`,
    `{"__type__":"datetime","__value__":"2026-02-30T00:00:00"}`,
    `{"__type__":"datetime","__value__":"2026-02-03T24:00:00+00:00"}`,
    `{"__type__":"datetime","__value__":12}`,
    `{"__type__":"date","__value__":"yesterday"}`,
    `{"__type__":"date","__value__":"2024-01-01 or so"}`,
    `{"__type__":"time","__value__":"25:00"}`,
    `{"__type__":"decimal","__value__":"1,5"}`,
    `{"__type__":"uuid","__value__":"x"}`,
    `{"__type__":"uuid","__value__":{"hex":"xyz"}}`,
    `{"__type__":"base64","__value__":"a"}`,
    `{"__type__":"bytes","__value__":"\\ud800"}`,
    '1'.repeat(4301),
  ])('%#', (text) => {
    expect(() => decodeJson(text)).toThrow(
      expect.objectContaining({ code: 'BAD_MESSAGE', reason: 'undecodable' }),
    )
  })

  test('whatever it is, with the same error', () => {
    const piece = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"',
      '"__type__"',
      '"date"',
      '"__value__"',
      '1',
      'NaN',
      '\\',
      ' ',
    )
    fc.assert(
      fc.property(
        fc.array(piece).map((pieces) => pieces.join('')),
        (text) => {
          try {
            decodeJson(text)
          } catch (error) {
            expect(error).toBeInstanceOf(ProtocolError)
          }
        },
      ),
    )
  })

  test.each([1, 'NaN'])('but nesting up to the bound is read, around %s', (core) => {
    const text = `${'['.repeat(1000)}${core}${']'.repeat(1000)}`
    const nested = (value: unknown): number => (Array.isArray(value) ? 1 + nested(value[0]) : 0)
    expect(nested(decodeJson(text))).toBe(1000)
  })

  test('says nothing of what was in it', () => {
    expect(() => decodeJson('["password", nonsense]')).toThrow(/^((?!password|nonsense).)*$/)
  })
})

describe('a key __proto__', () => {
  test.each(['{"__proto__":{"admin":true}}', '{"__proto__":{"admin":NaN}}'])(
    'is a key like others: %s',
    (text) => {
      const value = decodeJson(text) as Record<string, unknown>
      expect(Object.getPrototypeOf(value)).toBe(Object.prototype)
      expect(Object.hasOwn(value, '__proto__')).toBe(true)
      expect(value.admin).toBeUndefined()
      expect(encodeJson(value)).toBe(text)
    },
  )
})

test('what has a typed value has all its other values too', () => {
  const text =
    '{"a": [true, false, null, "q\\"\\\\\\n\\u00e9", 1.5e3, -7], "d": {"__type__": "date", "__value__": "2024-01-01T00:00:00"}}'
  expect(decodeJson(text)).toStrictEqual({
    a: [true, false, null, 'q"\\\né', 1500, -7],
    d: new PlainDate('2024-01-01'),
  })
})

test('an object with more than the two fields is no typed value', () => {
  const text = '{"__type__":"date","__value__":"2024-01-01","more":1}'
  expect(encodeJson(decodeJson(text))).toBe(text)
})
