/** One row of the table of shipping costs. */
export interface ShippingRate {
  /** ISO 3166-1 alpha-2, or `*` for countries without a row. */
  country: string
  method: string
  upToGrams: number
  /** Minor units of the shop's currency. */
  price: number
}

/**
 * What it costs to send a parcel, in minor units; null when the table has no price for it. What weighs nothing, such as
 * e-books, is sent for nothing. What is heavier than the table knows is sent as several parcels of its largest weight.
 */
export function shippingCost(
  rates: readonly ShippingRate[],
  { country, method, grams }: { country: string; method: string; grams: number },
): number | null {
  if (grams === 0) return 0
  const own = rates.filter((rate) => rate.country === country && rate.method === method)
  const rows = own.length > 0 ? own : rates.filter((rate) => rate.country === '*' && rate.method === method)
  const byWeight = rows.toSorted((a, b) => a.upToGrams - b.upToGrams)
  const largest = byWeight.at(-1)
  if (largest === undefined) return null
  const full = Math.floor((grams - 1) / largest.upToGrams)
  const rest = grams - full * largest.upToGrams
  const last = byWeight.find(({ upToGrams }) => rest <= upToGrams) ?? largest
  return full * largest.price + last.price
}
