import type { TaxSum } from '../rules/spread.ts'
import type { Invoice } from './schema.ts'

/** A line of a document before its amounts are written as money. */
export interface Entry extends TaxSum {
  /** Of the order's line; null for other lines. */
  position: number | null
  description: string
  isbn13: string | null
  quantity: number | null
}

type Written = Pick<Invoice, 'currency' | 'lines' | 'totals' | 'net' | 'tax' | 'gross'>

/** Lines with their totals, by tax rate and of all. */
export function written(entries: readonly Entry[], currency: string): Written {
  const amounts = ({ gross, tax }: { gross: number; tax: number }) => ({
    net: { amount: gross - tax, currency },
    tax: { amount: tax, currency },
    gross: { amount: gross, currency },
  })
  return {
    currency,
    lines: entries.map(({ gross, tax, ...line }) => ({ ...line, ...amounts({ gross, tax }) })),
    totals: sumsByRate(entries).map((sum) => ({ taxRate: sum.taxRate, ...amounts(sum) })),
    ...amounts({ gross: total(entries, 'gross'), tax: total(entries, 'tax') }),
  }
}

/** What is taxed at each rate, the lowest first. */
export function sumsByRate(sums: readonly TaxSum[]): TaxSum[] {
  const rates = [...new Set(sums.map(({ taxRate }) => taxRate))].sort((a, b) => a - b)
  return rates.map((taxRate) => {
    const same = sums.filter((sum) => sum.taxRate === taxRate)
    return { taxRate, gross: total(same, 'gross'), tax: total(same, 'tax') }
  })
}

/** What a document says of each tax rate. */
export function sumsOf({ totals }: Pick<Invoice, 'totals'>): TaxSum[] {
  return totals.map(({ taxRate, gross, tax }) => ({ taxRate, gross: gross.amount, tax: tax.amount }))
}

function total(sums: readonly TaxSum[], of: 'gross' | 'tax'): number {
  return sums.reduce((sum, one) => sum + one[of], 0)
}
