import { type Term, termsOf, tsqueryOf } from '../search/terms.ts'

/** Scripts written without spaces, as catalog.name_words knows them (migrations/0002-names.sql). */
const unspaced = /^[\u0e00-\u0eff\u1780-\u17ff\u3005-\u30ff\u3400-\u9fff\uf900-\ufaff\u{20000}-\u{3ffff}]/u

/**
 * Text of a tsquery for names that have every word typed, the last perhaps half typed: null when nothing was
 * typed, and a query that no name matches when what was typed has no word in it.
 */
export function nameQuery(typed: string): string | null {
  if (typed.trim() === '') return null
  return tsqueryOf(termsOf(typed).flatMap(byCharacter), []) ?? ''
}

function byCharacter(term: Term): Term[] {
  const [word = ''] = term.alternatives
  if (!unspaced.test(word)) return [term]
  return [...word].map((character) => ({ alternatives: [character], prefix: false }))
}
