import type { FieldProblem } from '@colophon/http'
import type { ShippingRates, TaxRate } from './schemas.ts'

/** How many wrong rows an answer lists. */
const maxErrors = 20

/** What is wrong with rows that each fit the schema. */
export function taxRateErrors(rates: readonly TaxRate[]): FieldProblem[] {
  const repeated = rates.flatMap(repeats(({ country, kind }) => `${country} ${kind}`))
  const tooFine = rates.flatMap(({ rate }, index) =>
    isInHundredths(rate) ? [] : [error(index, 'rate', 'too_fine', 'must be in steps of 0.01')],
  )
  return [...repeated, ...tooFine].slice(0, maxErrors)
}

/** The same of shipping. @param currency the shop's */
export function shippingRateErrors(rates: ShippingRates['rates'], currency: string): FieldProblem[] {
  const repeated = rates.flatMap(
    repeats(({ country, method, upToGrams }) => `${country} ${method} ${upToGrams}`),
  )
  const foreign = rates.flatMap(({ price }, index) =>
    price.currency === currency
      ? []
      : [error(index, 'price/currency', 'currency_other', `must be ${currency}, which the shop sells in`)],
  )
  return [...repeated, ...foreign].slice(0, maxErrors)
}

/** A rate in hundredths of a per cent. @param rate in per cent */
export function inHundredths(rate: number): number {
  return Math.round(rate * 100)
}

/** Binary fractions are not quite what was written: 5.55 * 100 is 555 and a little less. */
function isInHundredths(rate: number): boolean {
  return Math.abs(rate * 100 - inHundredths(rate)) < 1e-6
}

function repeats<Row>(keyOf: (row: Row) => string) {
  const first = new Map<string, number>()
  return (row: Row, index: number): FieldProblem[] => {
    const key = keyOf(row)
    const before = first.get(key)
    if (before === undefined) {
      first.set(key, index)
      return []
    }
    return [
      { path: `/rates/${index}`, code: 'repeated', message: `says the same as /rates/${before}: ${key}` },
    ]
  }
}

function error(index: number, member: string, code: string, message: string): FieldProblem {
  return { path: `/rates/${index}/${member}`, code, message }
}
