import type { DeathHistory } from '../../brokers/dead-letter-store.ts'

/** The headers of this package's own: what befell the task so far, and how often it was begun and lost. */
export const historyHeader = 'task_history'
export const lossesHeader = 'task_losses'

const maxEntries = 20
const maxDetail = 500

/** What the header says, as far as it is what this package wrote. */
export function readHistory(headers: Record<string, unknown>): DeathHistory[] {
  const entries = headers[historyHeader]
  return Array.isArray(entries) ? entries.filter(isEntry).slice(-maxEntries) : []
}

/** The newest entries, with one more. No half of a character is left where it is cut: no header can hold that. */
export function addHistory(headers: Record<string, unknown>, entry: DeathHistory): DeathHistory[] {
  const { at, event, detail } = entry
  const all = [...readHistory(headers), { at, event, detail: detail.slice(0, maxDetail).toWellFormed() }]
  return all.slice(-maxEntries)
}

export function readLosses(headers: Record<string, unknown>): number {
  const losses = headers[lossesHeader]
  return typeof losses === 'number' && Number.isSafeInteger(losses) && losses > 0 ? losses : 0
}

function isEntry(value: unknown): value is DeathHistory {
  if (typeof value !== 'object' || value === null) return false
  const { at, event, detail } = value as Record<string, unknown>
  return typeof at === 'string' && typeof event === 'string' && typeof detail === 'string'
}
