import type { Money } from '../../schemas.ts'
import type { Read } from './read.ts'

/** Reads a price in a currency that the row states elsewhere (null where it does not). */
export type PriceParser = (text: string, stated: string | null) => Read<Money>

/**
 * Reads prices as people write them, `12.99`, `12,99`, `1.234,50`, with or without the currency's code or
 * sign, as money in the shop's currency.
 * @param currency ISO 4217 code of the currency the shop sells in
 */
export function priceParser(currency: string): PriceParser {
  const exponent = exponentOf(currency)
  const own = ['', currency, ...signsOf(currency)]
  return (text, stated) => {
    const [, before = '', digits, after = ''] = /^([^\d.,-]*)(-?\d[\d.,'’\s]*)([^\d.,]*)$/.exec(text) ?? []
    if (digits === undefined) return { problem: 'not a price: write it as 12.99' }
    const written = stated ?? (before.trim() || after.trim())
    if (!own.includes(written.toUpperCase())) {
      return { problem: `this shop sells in ${currency}: the price was left out`, code: 'price_currency' }
    }
    const amount = minorUnits(digits.replace(/[\s'’]/g, ''), exponent)
    if (amount === undefined) return { problem: `not a price in ${currency}: write it as 12.99` }
    return { value: { amount, currency } }
  }
}

/** How many digits a currency has behind its separator (ISO 4217). */
function exponentOf(currency: string): number {
  const { maximumFractionDigits } = new Intl.NumberFormat('en', {
    style: 'currency',
    currency,
  }).resolvedOptions()
  return maximumFractionDigits ?? 2
}

function signsOf(currency: string): string[] {
  return (['symbol', 'narrowSymbol'] as const).map((currencyDisplay) => {
    const parts = new Intl.NumberFormat('en', { style: 'currency', currency, currencyDisplay }).formatToParts(
      0,
    )
    return parts.find(({ type }) => type === 'currency')?.value.toUpperCase() ?? ''
  })
}

/**
 * Minor units of a number in digits with points and commas; undefined when it is none, or may be two: `1.234`
 * is 1234 or a little over 1 where the currency has two decimals.
 */
function minorUnits(digits: string, exponent: number): number | undefined {
  const plain = /^(-?\d+)(?:[.,](\d*))?$/.exec(digits)
  if (plain && (plain[2]?.length !== 3 || exponent === 3)) return inMinorUnits(plain[1], plain[2], exponent)
  const grouped = /^(-?\d{1,3}(?:([.,])\d{3})+)(?:(?!\2)[.,](\d*))?$/.exec(digits)
  if (!grouped) return undefined
  const [, whole = '', , decimals] = grouped
  const isCertain = exponent === 0 || decimals !== undefined || /[.,].*[.,]/.test(whole)
  return isCertain ? inMinorUnits(whole.replace(/[.,]/g, ''), decimals, exponent) : undefined
}

function inMinorUnits(whole = '', decimals = '', exponent: number): number | undefined {
  const significant = decimals.replace(/0+$/, '')
  if (significant.length > exponent) return undefined
  return Number(whole + significant.padEnd(exponent, '0'))
}
