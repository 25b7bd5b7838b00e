import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { linePattern, paragraphsPattern } from '../src/validation/text.ts'

const line = new RegExp(linePattern, 'u')
const paragraphs = new RegExp(paragraphsPattern, 'u')

/** Texts of letters, all kinds of space and all control characters. */
const text = fc.string({
  unit: fc.oneof(
    fc.constantFrom('a', 'É', '😀', ' ', '\t', '\n', '\r', '\u00a0', '\u2028', '\u3000', '\ufeff'),
    fc.integer({ min: 0, max: 0xa0 }).map((code) => String.fromCharCode(code)),
  ),
})

describe('what a text may be', () => {
  test('of one line: something in it that is seen, and no control characters', () => {
    fc.assert(
      fc.property(text, (value) => {
        expect(line.test(value)).toBe(value.trim() !== '' && !/\p{Cc}/u.test(value))
      }),
    )
  })

  test('of several: the same, with tabs and line breaks', () => {
    fc.assert(
      fc.property(text, (value) => {
        const isSeen = /[^\s\p{Cc}]/u.test(value)
        expect(paragraphs.test(value)).toBe(isSeen && !/[\p{Cc}--[\t\n\r]]/v.test(value))
      }),
    )
  })

  test('is found in linear time, also of a long one that does not fit', () => {
    const long = `${' '.repeat(500_000)}${'a '.repeat(500_000)}`
    const began = performance.now()
    for (const pattern of [line, paragraphs]) {
      expect(pattern.test(long)).toBe(true)
      expect(pattern.test(`${long}\u0001`)).toBe(false)
      expect(pattern.test(' '.repeat(1_000_000))).toBe(false)
    }
    expect(performance.now() - began).toBeLessThan(2_000)
  })
})
