import fc from 'fast-check'
import { parse as parseByLibrary } from 'isbn3'
import { describe, expect, test } from 'vitest'
import { hyphenate, parseIsbn, repairIsbn, toIsbn10, toIsbn13 } from '../src/index.ts'
import { checkDigit10, checkDigit13 } from '../src/isbn.ts'

const digits = (length: number) =>
  fc
    .array(fc.integer({ min: 0, max: 9 }), { minLength: length, maxLength: length })
    .map((list) => list.join(''))

const anyIsbn10 = digits(9)
  .filter((nine) => nine !== '000000000')
  .map((nine) => nine + checkDigit10(nine))

const anyIsbn13 = fc
  .tuple(fc.constantFrom('978', '979'), digits(9))
  .filter(([prefix, nine]) => !(prefix === '979' && nine.startsWith('0')))
  .map(([prefix, nine]) => prefix + nine + checkDigit13(prefix + nine))

// What tables hold: numbers in every state of damage, beside arbitrary text.
const cell = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.constantFrom(...'0123456789Xx-.,eE+"\'= ISBN:') }),
  fc.nat({ max: 9_999_999_999_999 }).map(String),
  fc.double().map(String),
  anyIsbn13.map((isbn) => `${Number(isbn).toExponential(12)}`),
  anyIsbn10.map((isbn) => isbn.replace(/^0+/, '')),
)

/** The sums of ISO 2108, written down again as the standard states them. */
function checkDigitHolds(isbn: string): boolean {
  const values = [...isbn].map((character) => (character === 'X' ? 10 : Number(character)))
  const sum = values.reduce(
    (total, value, i) => total + value * (isbn.length === 10 ? 10 - i : i % 2 ? 3 : 1),
    0,
  )
  return sum % (isbn.length === 10 ? 11 : 10) === 0
}

describe('conversion', () => {
  test('10 to 13 and back is the same number', () => {
    fc.assert(fc.property(anyIsbn10, (isbn10) => toIsbn10(toIsbn13(isbn10)) === isbn10))
  })

  test('13 to 10 and back is the same number, if there is a 10', () => {
    fc.assert(
      fc.property(anyIsbn13, (isbn13) => {
        const isbn10 = toIsbn10(isbn13)
        expect(isbn10 === null ? isbn13.slice(0, 3) : toIsbn13(isbn10)).toBe(isbn10 === null ? '979' : isbn13)
      }),
    )
  })

  test('agrees with the library wherever the library knows the range', () => {
    fc.assert(
      fc.property(anyIsbn13, (isbn13) => {
        const theirs = parseByLibrary(isbn13)
        fc.pre(theirs !== null)
        expect(parseIsbn(isbn13)).toEqual({ ok: true, isbn: { isbn13, isbn10: theirs.isbn10 ?? null } })
      }),
    )
  })
})

describe('errors of people who copy numbers', () => {
  test('one wrong character is always found', () => {
    fc.assert(
      fc.property(
        fc.oneof(anyIsbn10, anyIsbn13),
        fc.nat({ max: 12 }),
        fc.nat({ max: 9 }),
        (isbn, place, digit) => {
          const at = place % isbn.length
          fc.pre(isbn[at] !== String(digit))
          expect(parseIsbn(isbn.slice(0, at) + digit + isbn.slice(at + 1)).ok).toBe(false)
        },
      ),
    )
  })

  test('two adjacent characters that changed places are always found in an ISBN-10', () => {
    fc.assert(
      fc.property(anyIsbn10, fc.nat({ max: 8 }), (isbn, at) => {
        const [left, right] = [isbn[at], isbn[at + 1]]
        fc.pre(left !== right)
        expect(parseIsbn(isbn.slice(0, at) + right + left + isbn.slice(at + 2)).ok).toBe(false)
      }),
    )
  })
})

test('hyphenated, a number still parses to itself', () => {
  fc.assert(
    fc.property(anyIsbn13, (isbn13) => {
      const hyphenated = hyphenate(isbn13)
      expect([1, 5]).toContain(hyphenated.split('-').filter((part) => part !== '').length)
      expect(parseIsbn(hyphenated)).toMatchObject({ ok: true, isbn: { isbn13 } })
    }),
  )
})

describe('any text', () => {
  test('an ISBN that is given out has check digits that hold, and is one book in both forms', () => {
    fc.assert(
      fc.property(cell, (text) => {
        const result = repairIsbn(text)
        if (result.kind !== 'valid' && result.kind !== 'repaired') return
        const { isbn13, isbn10 } = result.isbn
        expect(isbn13).toMatch(/^97[89]\d{10}$/)
        expect(checkDigitHolds(isbn13)).toBe(true)
        expect(isbn10 === null || (checkDigitHolds(isbn10) && toIsbn13(isbn10) === isbn13)).toBe(true)
      }),
      { numRuns: 2000 },
    )
  })

  test('valid is what parseIsbn accepts, nothing more and nothing less', () => {
    fc.assert(
      fc.property(cell, (text) => (repairIsbn(text).kind === 'valid') === parseIsbn(text).ok),
      { numRuns: 1000 },
    )
  })

  test('a megabyte is answered within a second and in a line', () => {
    for (const piece of ['9', ' ', '-', '\u200e', 'X', '="', '9.', 'ISBN ', 'ﷺ', '9780439023481 ']) {
      const text = piece.repeat(Math.ceil(1_000_000 / piece.length))
      const started = performance.now()
      const result = repairIsbn(text)
      expect(performance.now() - started, JSON.stringify(piece)).toBeLessThan(1000)
      expect(JSON.stringify(result).length).toBeLessThan(200)
    }
  })
})
