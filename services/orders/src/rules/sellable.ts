import type { BookForSale } from '@colophon/catalog'

/** Why a book cannot be ordered. */
export type SaleRefusal = 'book_unknown' | 'book_withdrawn' | 'book_without_price' | 'book_not_released'

/** How a book is sold beyond what is there. */
export const stockPolicies = ['in_stock', 'backorder', 'preorder'] as const
export type StockPolicy = (typeof stockPolicies)[number]

/**
 * Whether a book may be ordered on this day, leaving its stock aside; null when it may.
 * @param today ISO date
 */
export function saleRefusal(
  book: BookForSale | undefined,
  policy: StockPolicy,
  currency: string,
  today: string,
): SaleRefusal | null {
  if (book === undefined) return 'book_unknown'
  if (book.availability === 'withdrawn') return 'book_withdrawn'
  if (book.price === null || book.price.currency !== currency) return 'book_without_price'
  const isReleased = book.publishedOn === null || book.publishedOn <= today
  return isReleased || policy === 'preorder' ? null : 'book_not_released'
}

/**
 * How many copies are to be held for a line; null when there are too few and the policy does not let it wait.
 * @param available copies that are neither sold nor held, and that no earlier order waits for; not negative
 */
export function copiesToHold(quantity: number, available: number, policy: StockPolicy): number | null {
  if (quantity <= available) return quantity
  return policy === 'in_stock' ? null : available
}
