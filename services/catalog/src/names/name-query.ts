import { termsOf, tsqueryOf } from '../search/terms.ts'

/**
 * Text of a tsquery for names that have every word typed, the last perhaps half typed: null when nothing was
 * typed, and a query that no name matches when what was typed has no word in it.
 */
export function nameQuery(typed: string): string | null {
  if (typed.trim() === '') return null
  return tsqueryOf(termsOf(typed), []) ?? ''
}
