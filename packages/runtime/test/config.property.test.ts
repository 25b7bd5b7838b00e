import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { integer, isOneEditAway, readConfig } from '../src/index.ts'

const letters = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ_']
const letter = fc.constantFrom(...letters)
const name = fc.array(letter, { minLength: 1, maxLength: 12 }).map((chars) => chars.join(''))
const place = fc.nat({ max: 12 })

/** Optimal string alignment distance, the slow and plain way. */
function distance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)]
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const swap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      row[j] = Math.min(
        (rows[i - 1]?.[j] ?? 0) + 1,
        (row[j - 1] ?? 0) + 1,
        (rows[i - 1]?.[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1),
        swap ? (rows[i - 2]?.[j - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY,
      )
    }
    rows.push(row)
  }
  return rows[a.length]?.[b.length] ?? 0
}

describe('near misses', () => {
  it('finds every inserted, lost, changed and swapped letter', () => {
    fc.assert(
      fc.property(name, place, letter, (word, at, other) => {
        const i = at % word.length
        const inserted = word.slice(0, i) + other + word.slice(i)
        const lost = word.slice(0, i) + word.slice(i + 1)
        const changed = word.slice(0, i) + other + word.slice(i + 1)
        const swapped = word.slice(0, i) + (word[i + 1] ?? '') + word[i] + word.slice(i + 2)
        for (const slip of [inserted, lost, changed, swapped]) expect(isOneEditAway(slip, word)).toBe(true)
      }),
    )
  })

  it('agrees with the edit distance for any two names, in both directions', () => {
    const short = fc.array(fc.constantFrom('A', 'B', 'C'), { maxLength: 5 }).map((chars) => chars.join(''))
    fc.assert(
      fc.property(short, short, (a, b) => {
        expect(isOneEditAway(a, b)).toBe(distance(a, b) <= 1)
        expect(isOneEditAway(b, a)).toBe(isOneEditAway(a, b))
      }),
      { numRuns: 1000 },
    )
  })
})

describe('whole numbers', () => {
  it('read back as written, within the range and only there', () => {
    const setting = { n: integer('N_OF_THINGS', { help: 'how many', min: -10, max: 10 }) }
    fc.assert(
      fc.property(fc.integer({ min: -100, max: 100 }), (number) => {
        const read = () => readConfig(setting, { N_OF_THINGS: String(number) }).n
        if (number >= -10 && number <= 10) expect(read()).toBe(number)
        else expect(read).toThrow('from -10 to 10')
      }),
    )
  })
})
