/**
 * An amount as people read it, such as €12.99 or ¥1,299.
 * @param amount in minor units, of which each currency has its own number
 * @param currency ISO 4217
 */
export function formatMoney(amount: number, currency: string): string {
  const { format, places } = writtenAs(currency)
  return format.format(amount / 10 ** places)
}

/** How many digits a currency (ISO 4217) has behind its point. */
export function placesOf(currency: string): number {
  return writtenAs(currency).places
}

/** By currency, for those met so far: making a format costs more than writing with it, and there are few currencies. */
const known = new Map<string, { format: Intl.NumberFormat; places: number }>()

function writtenAs(currency: string) {
  const before = known.get(currency)
  if (before !== undefined) return before
  const format = new Intl.NumberFormat('en', { style: 'currency', currency })
  const made = { format, places: format.resolvedOptions().maximumFractionDigits ?? 2 }
  known.set(currency, made)
  return made
}
