import { shareOf } from '../rules/share.ts'
import type { LineRow, OrderRow } from './order-row.ts'

/** What of an order money is given back for, as its credit note says. */
export interface RefundItem {
  /** Of the line; null for the shipping. */
  position: number | null
  /** Copies; null for the shipping. */
  quantity: number | null
  /** With tax, in minor units. */
  amount: number
  tax: number
}

/** The next copies of a line that are cancelled or come back, behind those that did before. */
export function itemOf(
  { position, quantity, total, tax, cancelled, returned }: LineRow,
  copies: number,
): RefundItem {
  const from = cancelled + returned
  const share = (sum: number) => shareOf(sum, quantity, from, from + copies)
  return { position, quantity: copies, amount: share(total), tax: share(tax) }
}

/** The shipping of an order, where it costs anything. */
export function shippingItems({ shipping, shippingTax }: OrderRow): RefundItem[] {
  return shipping === 0 ? [] : [{ position: null, quantity: null, amount: shipping, tax: shippingTax }]
}

/** What is not shipped of the lines. */
export function openItems(lines: readonly LineRow[]): RefundItem[] {
  return lines
    .map((line) => itemOf(line, line.quantity - line.shipped - line.cancelled))
    .filter(({ quantity }) => quantity !== 0)
}
