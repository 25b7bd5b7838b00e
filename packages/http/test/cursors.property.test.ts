import { hash } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  type CursorKeys,
  type CursorShape,
  decodeCursor,
  encodeCursor,
  Problem,
  pageQuery,
} from '../src/index.ts'

const key = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constant(null),
)
const filters = fc.dictionary(
  fc.string(),
  fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.array(fc.string())),
)

function shapeOf(keys: readonly (string | number | null)[]): ('text?' | 'number?')[] {
  return keys.map((value) => (typeof value === 'number' ? 'number?' : 'text?'))
}

function refusal(decode: () => unknown): unknown {
  try {
    decode()
  } catch (error) {
    return error instanceof Problem ? error.code : error
  }
  return undefined
}

test('a cursor gives back its keys', () => {
  fc.assert(
    fc.property(filters, fc.array(key, { maxLength: 5 }), (query, keys) => {
      const given = keys.map((value) => (Object.is(value, -0) ? 0 : value))
      expect(decodeCursor(encodeCursor(query, given), query, shapeOf(given))).toEqual(given)
    }),
  )
})

test('the order of the filters, the page size and the cursor itself do not matter', () => {
  fc.assert(
    fc.property(filters, fc.integer(), fc.string(), (query, limit, cursor) => {
      const reversed = Object.fromEntries(Object.entries(query).reverse())
      const made = encodeCursor(query, ['a', 1])
      expect(decodeCursor(made, { ...reversed, limit, cursor }, ['text', 'number'])).toEqual(['a', 1])
    }),
  )
})

test('a cursor of other filters is refused', () => {
  fc.assert(
    fc.property(filters, filters, (query, other) => {
      const same =
        JSON.stringify(Object.entries(query).sort()) === JSON.stringify(Object.entries(other).sort())
      fc.pre(!same && !('limit' in { ...query, ...other }) && !('cursor' in { ...query, ...other }))
      expect(refusal(() => decodeCursor(encodeCursor(query, ['a']), other, ['text']))).toBe('invalid_cursor')
    }),
  )
})

test('any change to a cursor, and anything made up, is refused and nothing else is thrown', () => {
  const made = encodeCursor({ q: 'x' }, ['title', 7, null])
  const anything = fc.oneof(
    fc.string(),
    fc.base64String(),
    fc
      .nat(made.length - 1)
      .map((at) => `${made.slice(0, at)}${made[at] === 'A' ? 'B' : 'A'}${made.slice(at + 1)}`),
    fc.nat(made.length - 1).map((length) => made.slice(0, length)),
    fc.string({ minLength: 1 }).map((tail) => made + tail),
  )
  fc.assert(
    fc.property(anything, (cursor) => {
      expect(refusal(() => decodeCursor(cursor, { q: 'x' }, ['text', 'number', 'text?']))).toBe(
        'invalid_cursor',
      )
    }),
  )
})

test('a cursor fits into a request, even by a name of 300 characters that JSON escapes', () => {
  const cursor = encodeCursor({}, [0, '\u0001'.repeat(300), '018f0000-0000-7000-8000-000000000000'])
  const { maxLength } = pageQuery.properties.cursor as { maxLength?: number }
  expect(cursor.length).toBeLessThan(maxLength ?? 0)
})

test('keys of another shape are refused', () => {
  const cursor = encodeCursor({}, ['a', null])
  expect(refusal(() => decodeCursor(cursor, {}, ['text', 'text']))).toBe('invalid_cursor')
  expect(refusal(() => decodeCursor(cursor, {}, ['number', 'text?']))).toBe('invalid_cursor')
  expect(refusal(() => decodeCursor(cursor, {}, ['text']))).toBe('invalid_cursor')
})

test.each<[string, unknown, CursorShape[number]]>([
  ['a NUL', 'a\0b', 'text'],
  ['half a surrogate pair', '\ud800', 'text?'],
  ['half a number', 1.5, 'integer'],
  ['a number beyond what is exact', 1e300, 'integer?'],
  ['not an id', 'x', 'uuid'],
  ['an id with more behind it', "018f0000-0000-7000-8000-000000000000'", 'uuid'],
  ['an id in capitals', '018F0000-0000-7000-8000-000000000000', 'uuid?'],
  ['no id', null, 'uuid'],
])('%s in a made-up cursor is refused', (_what, key, type) => {
  const cursor = encodeCursor({}, [key as CursorKeys[number]])
  expect(refusal(() => decodeCursor(cursor, {}, [type]))).toBe('invalid_cursor')
})

test('a made-up cursor whose fingerprint is right is refused for what it holds', () => {
  for (const text of ['', '[', '{}', 'null', '["a", 1', '[[]]']) {
    const fingerprint = hash('sha256', `{}\n${text}`, 'base64url').slice(0, 12)
    const cursor = Buffer.from(fingerprint + text).toString('base64url')
    expect(refusal(() => decodeCursor(cursor, {}, ['text']))).toBe('invalid_cursor')
  }
})
