import { placesOf } from '../rules/money-text.ts'
import type { Cell, Column } from './report.ts'

/** A cell for people: money as `12.99`, nothing for null. */
export function shownCell(columns: readonly Column[], row: readonly Cell[], index: number): string {
  const cell = row[index] ?? null
  if (cell === null) return ''
  if (columns[index]?.type !== 'money' || typeof cell !== 'number') return String(cell)
  const currency = row[columns.findIndex(({ name }) => name === 'currency')]
  return inUnits(cell, typeof currency === 'string' ? placesOf(currency) : 2)
}

/** Minor units as a decimal number with so many places. */
function inUnits(amount: number, places: number): string {
  const digits = String(Math.abs(amount)).padStart(places + 1, '0')
  const units = digits.slice(0, digits.length - places)
  const sign = amount < 0 ? '-' : ''
  return places === 0 ? `${sign}${units}` : `${sign}${units}.${digits.slice(-places)}`
}
