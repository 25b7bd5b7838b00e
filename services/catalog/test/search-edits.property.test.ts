import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { editDistance } from '../src/search/distance.ts'
import { oneEditFrom, twoSlipsFrom } from '../src/search/edits.ts'

const word = (letters: string) =>
  fc.string({ unit: fc.constantFrom(...letters), minLength: 4, maxLength: 12 })
const latin = word('abcdefghijklmnopqrstuvwxyz')

describe('the words that one edit makes', () => {
  it.each([
    ['Latin', 'abcxyz'],
    ['Greek', 'αβγσχω'],
    ['Cyrillic', 'абвяієґ'],
    ['Hebrew', 'אבגךת'],
    ['Arabic', 'ابتي'],
  ])('are all that are one edit away, and no others: %s', (_script, letters) => {
    fc.assert(
      fc.property(word(letters), word(letters), (a, b) => {
        const edited = oneEditFrom(a)
        expect(edited.has(b)).toBe(editDistance(a, b, 1) === 1)
        for (const one of edited) expect(editDistance(a, one, 1)).toBe(1)
      }),
      { numRuns: 50 },
    )
  })

  it('lead back', () => {
    fc.assert(
      fc.property(latin, (from) => {
        const long = [...oneEditFrom(from)].filter((edited) => edited.length > 3)
        expect(long.filter((edited) => !oneEditFrom(edited).has(from))).toEqual([])
      }),
      { numRuns: 20 },
    )
  })

  it('are some fifty for each letter of it', () => {
    expect(oneEditFrom('abcdefghijklmnopqrstuvwxyz'.repeat(2)).size).toBeLessThan(53 * 54)
  })

  it('of three letters keep them all', () => {
    expect([...oneEditFrom('rey')]).toEqual(expect.arrayContaining(['rye', 'grey', 'reye']))
    expect(oneEditFrom('rey').has('ray')).toBe(false)
    expect(oneEditFrom('rey').has('re')).toBe(false)
  })

  it('of a script without an alphabet here have its own letters', () => {
    expect(
      [...oneEditFrom('სამი')].every((edited) => [...edited].every((letter) => 'სამი'.includes(letter))),
    ).toBe(true)
  })
})

describe('the words that two slips make', () => {
  it('are two edits away at most, and never the word itself', () => {
    fc.assert(
      fc.property(latin, (from) => {
        const slipped = twoSlipsFrom(from)
        expect(slipped.has(from)).toBe(false)
        expect(slipped.size).toBeLessThan(200)
      }),
      { numRuns: 50 },
    )
    expect(twoSlipsFrom('cohelo').has('coelho')).toBe(true)
  })
})
