/** An amount split into what is the shop's and what is tax, in minor units. */
export interface Taxed {
  /** With tax. */
  total: number
  tax: number
}

/**
 * The tax on an amount.
 * @param amount minor units
 * @param rate in hundredths of a per cent
 * @param includesTax whether the amount has the tax in it
 * @returns rounded to whole minor units, halves up, so that net and tax always add up to the total
 */
export function taxed(amount: number, rate: number, includesTax: boolean): Taxed {
  if (includesTax) {
    const net = ratio(amount, 10_000, 10_000 + rate)
    return { total: amount, tax: amount - net }
  }
  const tax = ratio(amount, rate, 10_000)
  return { total: amount + tax, tax }
}

/** `amount * of / whole`, halves up. The product may be beyond 2^53. */
function ratio(amount: number, of: number, whole: number): number {
  const doubled = 2n * BigInt(amount) * BigInt(of)
  return Number((doubled + BigInt(whole)) / (2n * BigInt(whole)))
}

/** Kinds of product that countries tax differently. */
export const taxKinds = ['book', 'ebook', 'audiobook', 'shipping'] as const
export type TaxKind = (typeof taxKinds)[number]

/** How a book of this format is taxed. */
export function taxKindOf(format: string | null): TaxKind {
  return format === 'ebook' || format === 'audiobook' ? format : 'book'
}
