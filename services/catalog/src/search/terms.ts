import { queryWords } from './words.ts'

/** One word that a match must contain. */
export interface Term {
  word: string
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
    word,
    prefix: typing && index === words.length - 1 && word.length > 1,
  }))
}

/** A term as a tsquery has it. */
export function lexemeOf({ word, prefix }: Term): string {
  return `'${word}'${prefix ? ':*' : ''}`
}

/** Text of a tsquery that wants every term and everything else; null when there is nothing to want. */
export function tsqueryOf(terms: readonly Term[], others: readonly string[]): string | null {
  return [...terms.map(lexemeOf), ...others].join(' & ') || null
}

/** The same tsquery with its last word as it stands, not as the beginning of others. */
export function wholeWords(tsquery: string): string {
  return tsquery.replace(/:\*$/, '')
}
