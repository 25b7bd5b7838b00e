import type { BookForSale } from '@colophon/catalog'
import { type ShippingRate, shippingCost } from '../rules/shipping.ts'
import { type TaxKind, taxed, taxKindOf } from '../rules/tax.ts'
import { isDigital, weightOf } from '../rules/weight.ts'

/** What an order's prices are made of. */
export interface PricingInput {
  lines: readonly { book: BookForSale; quantity: number; weightGrams: number | null }[]
  country: string
  method: string
  /** In hundredths of a per cent; what has no rate is not taxed. */
  taxRate: (kind: TaxKind) => number
  shippingRates: readonly ShippingRate[]
  /** For shipping, and prices that do not say it themselves. */
  pricesIncludeTax: boolean
}

/** A line as it is frozen. */
export interface PricedLine {
  book: BookForSale
  quantity: number
  tracked: boolean
  unitPrice: number
  taxRate: number
  tax: number
  /** With tax. */
  total: number
}

export interface PricedOrder {
  lines: PricedLine[]
  /** With tax. */
  shipping: number
  shippingTax: number
  /** In hundredths of a per cent. */
  shippingTaxRate: number
  /** Of lines and shipping. */
  tax: number
  /** With tax and shipping. */
  total: number
}

/** What an order costs, in minor units; null when nothing is shipped to that country by that method. */
export function priceOrder(input: PricingInput): PricedOrder | null {
  const { country, method, pricesIncludeTax } = input
  const lines = input.lines.map((line) => priceLine(line, input))
  const grams = input.lines.reduce(
    (sum, { book, quantity, weightGrams }) => sum + weightOf(book, weightGrams) * quantity,
    0,
  )
  const cost = shippingCost(input.shippingRates, { country, method, grams })
  if (cost === null) return null
  const shippingTaxRate = input.taxRate('shipping')
  const shipping = taxed(cost, shippingTaxRate, pricesIncludeTax)
  const sum = (amounts: number[]) => amounts.reduce((total, amount) => total + amount, 0)
  return {
    lines,
    shipping: shipping.total,
    shippingTax: shipping.tax,
    shippingTaxRate,
    tax: sum(lines.map(({ tax }) => tax)) + shipping.tax,
    total: sum(lines.map(({ total }) => total)) + shipping.total,
  }
}

function priceLine(
  { book, quantity }: PricingInput['lines'][number],
  { taxRate, pricesIncludeTax }: PricingInput,
): PricedLine {
  const unitPrice = book.price?.amount ?? 0
  const rate = taxRate(taxKindOf(book.format))
  // On the whole line, so that rounding happens once.
  const { tax, total } = taxed(unitPrice * quantity, rate, book.price?.includesTax ?? pricesIncludeTax)
  return { book, quantity, tracked: !isDigital(book.format), unitPrice, taxRate: rate, tax, total }
}
