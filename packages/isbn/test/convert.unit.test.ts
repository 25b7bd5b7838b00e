import { groups } from 'isbn3'
import { describe, expect, test } from 'vitest'
import { hyphenate, parseIsbn, toIsbn10, toIsbn13 } from '../src/index.ts'

describe('between the two forms', () => {
  test.each([
    ['0439023483', '9780439023481'],
    ['030734813X', '9780307348135'],
    ['9793062797', '9789793062792'],
  ])('%s is %s', (isbn10, isbn13) => {
    expect(toIsbn13(isbn10)).toBe(isbn13)
    expect(toIsbn10(isbn13)).toBe(isbn10)
  })

  test('979 has no ISBN-10', () => {
    expect(toIsbn10('9791091146135')).toBeNull()
  })

  test('text that was not parsed is a mistake of the program', () => {
    expect(() => toIsbn13('0-439-02348-3')).toThrow(RangeError)
    expect(() => toIsbn10('4006381333931')).toThrow(RangeError)
  })
})

describe('hyphenate', () => {
  test.each([
    ['9780439023481', '978-0-439-02348-1'],
    ['9783442723430', '978-3-442-72343-0'],
    ['9782070364237', '978-2-07-036423-7'],
    ['9789793062792', '978-979-3062-79-2'],
    ['9789992195741', '978-99921-95-74-1'],
    ['9791091146135', '979-10-91146-13-5'],
    ['9798886451740', '979-8-88645-174-0'],
  ])('%s is %s', (isbn13, hyphenated) => {
    expect(hyphenate(isbn13)).toBe(hyphenated)
  })

  test('a number outside the known ranges comes back as it went in', () => {
    expect(parseIsbn('9786990000008').ok).toBe(true)
    expect(hyphenate('9786990000008')).toBe('9786990000008')
  })

  // The parts of an ISBN-13 share nine digits (ISO 2108): a range that leaves none for the title is a wrong one.
  test('every range of the library leaves digits for the publication', () => {
    for (const [prefix, { ranges }] of Object.entries(groups)) {
      const group = prefix.slice(4)
      for (const [first, last] of ranges) {
        expect(first.length, `${prefix} ${first}`).toBe(last.length)
        expect(group.length + first.length, `${prefix} ${first}`).toBeLessThan(9)
      }
    }
  })
})
