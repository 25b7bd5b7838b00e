import { queryWords } from './words.ts'

/** One thing that a match must contain: any of these words. */
export interface Term {
  alternatives: readonly string[]
  /** A word still being typed matches all that begins so. */
  prefix: boolean
}

/** More words than anybody types; each one costs an index look-up. */
const maxTerms = 12

/** What a query asks for. Its last word counts as still being typed unless something follows it. */
export function termsOf(query: string): Term[] {
  const words = queryWords(query).slice(0, maxTerms)
  const typing = /[\p{L}\p{N}\p{M}]$/u.test(query)
  return words.map((word, index) => ({
    alternatives: [word],
    prefix: typing && index === words.length - 1 && word.length > 1,
  }))
}

/** Text of a tsquery that wants every term and every filter term; null when there is nothing to want. */
export function tsqueryOf(terms: readonly Term[], filters: readonly string[]): string | null {
  const wanted = [
    ...terms.map(({ alternatives, prefix }) => {
      const words = alternatives.map((word) => `'${word}'${prefix ? ':*' : ''}`).join(' | ')
      return alternatives.length > 1 ? `(${words})` : words
    }),
    ...filters,
  ]
  return wanted.length === 0 ? null : wanted.join(' & ')
}
