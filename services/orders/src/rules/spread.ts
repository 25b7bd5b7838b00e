import { shareOf } from './share.ts'

/** What is taxed at one rate, in minor units. */
export interface TaxSum {
  /** In per cent. */
  taxRate: number
  /** With tax. */
  gross: number
  tax: number
}

/**
 * How an amount that is for no line in particular falls on what is left at each tax rate: in proportion, exactly, and
 * never more than is left, of the tax neither. What takes all that is left takes all of its tax.
 * @param amount with tax, at most what is left in all
 */
export function spread(left: readonly TaxSum[], amount: number): TaxSum[] {
  const all = left.reduce((sum, { gross }) => sum + gross, 0)
  let before = 0
  const parts = left
    .filter(({ gross }) => gross > 0)
    .map(({ taxRate, gross, tax }) => {
      const part = shareOf(amount, all, before, before + gross)
      before += gross
      return { taxRate, gross: part, tax: shareOf(tax, gross, 0, part) }
    })
  return parts.filter(({ gross }) => gross > 0)
}
