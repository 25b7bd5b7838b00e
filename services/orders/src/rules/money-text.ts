/**
 * An amount as people read it, such as €12.99 or ¥1,299.
 * @param amount in minor units, of which each currency has its own number
 * @param currency ISO 4217
 */
export function formatMoney(amount: number, currency: string): string {
  const format = new Intl.NumberFormat('en', { style: 'currency', currency })
  return format.format(amount / 10 ** (format.resolvedOptions().maximumFractionDigits ?? 2))
}
