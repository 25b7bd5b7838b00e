import type { RefundItem } from '../process/refund-items.ts'
import { spread, type TaxSum } from '../rules/spread.ts'
import { type Entry, sumsByRate, sumsOf } from './entries.ts'
import type { Invoice } from './schema.ts'

/** Money that was given back. */
export interface Credit {
  /** With tax, in minor units. */
  amount: number
  reason: string
  /** What it is for; none when it is for nothing in particular. */
  items: readonly RefundItem[]
}

/**
 * The lines of a credit note: what the money was given back for, or else the tax rates that the amount falls on. All
 * credit notes of an invoice together never have more of a tax rate than the invoice, and no more of its tax.
 * @param earlier credit notes of the same invoice
 */
export function creditEntries(invoice: Invoice, earlier: readonly Invoice[], credit: Credit): Entry[] {
  const left = leftOf(invoice, earlier)
  const named = credit.items.map((item) => entryOf(invoice, item))
  if (named.length > 0 && fits(named, left)) return named
  return spread(left, credit.amount).map((part) => {
    return { ...part, position: null, description: credit.reason, isbn13: null, quantity: null }
  })
}

function leftOf(invoice: Invoice, earlier: readonly Invoice[]): TaxSum[] {
  const taken = earlier
    .flatMap(sumsOf)
    .map(({ taxRate, gross, tax }) => ({ taxRate, gross: -gross, tax: -tax }))
  return sumsByRate([...sumsOf(invoice), ...taken])
}

function entryOf({ lines }: Invoice, { position, quantity, amount, tax }: RefundItem): Entry {
  const line = lines.find((one) => one.position === position)
  if (line === undefined) throw new Error(`the invoice has no line ${position ?? 'for shipping'}`)
  const { description, isbn13, taxRate } = line
  return { position, description, isbn13, quantity, taxRate, gross: amount, tax }
}

/** An amount for nothing in particular may have taken what these lines are taxed at. */
function fits(entries: readonly Entry[], left: readonly TaxSum[]): boolean {
  return sumsByRate(entries).every(({ taxRate, gross, tax }) => {
    const rest = left.find((sum) => sum.taxRate === taxRate)
    return (
      rest !== undefined && gross <= rest.gross && tax <= rest.tax && gross - tax <= rest.gross - rest.tax
    )
  })
}
