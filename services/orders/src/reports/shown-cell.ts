import type { Cell, Column } from './report.ts'

/** A cell for people: money as `12.99`, nothing for null. */
export function shownCell(columns: readonly Column[], row: readonly Cell[], index: number): string {
  const cell = row[index] ?? null
  if (cell === null) return ''
  if (columns[index]?.type !== 'money' || typeof cell !== 'number') return String(cell)
  const currency = row[columns.findIndex(({ name }) => name === 'currency')]
  return inUnits(cell, typeof currency === 'string' ? currency : '')
}

/** Minor units as a decimal number, with as many places as the currency (ISO 4217) has. */
function inUnits(amount: number, currency: string): string {
  const places = placesOf(currency)
  const digits = String(Math.abs(amount)).padStart(places + 1, '0')
  const units = digits.slice(0, digits.length - places)
  const sign = amount < 0 ? '-' : ''
  return places === 0 ? `${sign}${units}` : `${sign}${units}.${digits.slice(-places)}`
}

const known = new Map<string, number>()

/** A formatter costs more than a row; a shop has few currencies. */
function placesOf(currency: string): number {
  let places = known.get(currency)
  if (places === undefined) {
    places = /^[A-Z]{3}$/.test(currency)
      ? (new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions()
          .maximumFractionDigits ?? 2)
      : 2
    known.set(currency, places)
  }
  return places
}
