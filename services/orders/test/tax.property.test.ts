import fc from 'fast-check'
import { expect, it } from 'vitest'
import { taxed } from '../src/rules/tax.ts'

/** The dearest line there can be: the largest price, 999 times. */
const amount = fc.integer({ min: 0, max: 2_147_483_647 * 999 })
const rate = fc.integer({ min: 0, max: 10_000 })

/** Whether a whole number is the quotient of two others, rounded, halves up. */
function isRounded(rounded: number, dividend: bigint, divisor: bigint): boolean {
  const twiceOver = 2n * (BigInt(rounded) * divisor - dividend)
  return twiceOver > -divisor && twiceOver <= divisor
}

it('takes the tax out of a price exactly', () => {
  fc.assert(
    fc.property(amount, rate, (given, rate) => {
      const { total, tax } = taxed(given, rate, true)
      expect(total).toBe(given)
      expect(isRounded(total - tax, BigInt(given) * 10_000n, 10_000n + BigInt(rate))).toBe(true)
    }),
    { numRuns: 2_000 },
  )
})

it('puts the tax on a price exactly', () => {
  fc.assert(
    fc.property(amount, rate, (given, rate) => {
      const { total, tax } = taxed(given, rate, false)
      expect(total - tax).toBe(given)
      expect(isRounded(tax, BigInt(given) * BigInt(rate), 10_000n)).toBe(true)
    }),
    { numRuns: 2_000 },
  )
})

it('rounds halves up', () => {
  expect(taxed(50, 100, false)).toEqual({ total: 51, tax: 1 })
  expect(taxed(49, 100, false)).toEqual({ total: 49, tax: 0 })
  expect(taxed(1, 10_000, true)).toEqual({ total: 1, tax: 0 })
})
