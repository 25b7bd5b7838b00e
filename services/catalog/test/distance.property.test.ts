import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { editDistance, prefixDistance } from '../src/search/distance.ts'

/** The definition of the optimal string alignment distance, without any thrift. */
function reference(a: string, b: string): number {
  if (a === '' || b === '') return a.length + b.length
  const swap = a.at(-1) === b.at(-2) && a.at(-2) === b.at(-1) && a.length > 1 && b.length > 1
  return Math.min(
    reference(a.slice(0, -1), b) + 1,
    reference(a, b.slice(0, -1)) + 1,
    reference(a.slice(0, -1), b.slice(0, -1)) + (a.at(-1) === b.at(-1) ? 0 : 1),
    swap ? reference(a.slice(0, -2), b.slice(0, -2)) + 1 : Number.POSITIVE_INFINITY,
  )
}

const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 6 })
const limit = fc.integer({ min: 0, max: 4 })

describe('editDistance', () => {
  it('is what its definition says up to the limit, and limit + 1 beyond', () => {
    fc.assert(
      fc.property(word, word, limit, (a, b, most) => {
        expect(editDistance(a, b, most)).toBe(Math.min(reference(a, b), most + 1))
      }),
      { numRuns: 300 },
    )
  })

  it('is the same both ways, and 0 only for the same word', () => {
    fc.assert(
      fc.property(word, word, limit, (a, b, most) => {
        expect(editDistance(a, b, most)).toBe(editDistance(b, a, most))
        expect(editDistance(a, b, most) === 0).toBe(a === b)
      }),
      { numRuns: 1000 },
    )
  })

  it.each([
    ['tolkein', 'tolkien', 1],
    ['rowlign', 'rowling', 1],
    ['hobit', 'hobbit', 1],
    ['', '', 0],
    ['', 'ab', 2],
    ['kitten', 'sitting', 3],
  ])('%s to %s is %i', (a, b, expected) => {
    expect(editDistance(a, b, 3)).toBe(expected)
  })
})

describe('prefixDistance', () => {
  it('is the smallest distance to any beginning of the word, up to the limit', () => {
    fc.assert(
      fc.property(word, word, fc.integer({ min: 0, max: 1 }), (typed, whole, most) => {
        const beginnings = Array.from({ length: whole.length + 1 }, (_, end) => whole.slice(0, end))
        const smallest = Math.min(...beginnings.map((beginning) => reference(typed, beginning)))
        expect(prefixDistance(typed, whole, most)).toBe(Math.min(smallest, most + 1))
      }),
      { numRuns: 300 },
    )
  })
})
