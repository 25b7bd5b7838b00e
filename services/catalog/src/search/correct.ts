import { type Database, sql } from '@colophon/postgres'
import { editDistance, prefixDistance } from './distance.ts'
import type { Term } from './terms.ts'

/** How many neighbours of a misspelt word are tried. */
const maxAlternatives = 6

/** How many letters may be wrong in a word: none where that would make another word of it. */
function tolerance(word: string): number {
  if (word.length < 4 || !/^\p{L}+$/u.test(word)) return 0
  return word.length < 6 ? 1 : 2
}

/**
 * The same terms with the words that may have been meant, nearest first: for words the catalogue does not
 * have or, when `thorough`, for every word. Undefined when nothing comes near.
 */
export async function correctTerms(
  database: Database,
  terms: readonly Term[],
  thorough: boolean,
): Promise<Term[] | undefined> {
  const doubtful = terms.filter(({ alternatives: [word = ''] }) => tolerance(word) > 0)
  if (doubtful.length === 0) return undefined
  const neighbours = await neighboursOf(
    database,
    doubtful.map(({ alternatives: [word = ''] }) => word),
  )
  let corrected = false
  const next = terms.map((term) => {
    const [word = ''] = term.alternatives
    const near = neighbours.get(word) ?? []
    if (near.length === 0 || (near.includes(word) && !thorough)) return term
    const alternatives = nearest(word, near, term.prefix)
    if (alternatives.length === 0) return term
    corrected = true
    return { ...term, alternatives }
  })
  return corrected ? next : undefined
}

function nearest(word: string, candidates: readonly string[], prefix: boolean): string[] {
  const limit = tolerance(word)
  const distance = prefix ? prefixDistance : editDistance
  return candidates
    .map((candidate) => ({ candidate, far: distance(word, candidate, limit) }))
    .filter(({ far }) => far <= limit)
    .sort((a, b) => a.far - b.far)
    .slice(0, maxAlternatives)
    .map(({ candidate }) => candidate)
}

/** Known words that share trigrams with each of the words, the most alike first. */
async function neighboursOf(database: Database, words: readonly string[]): Promise<Map<string, string[]>> {
  return database.transaction(
    async (tx) => {
      // Swapped letters in a short word leave few trigrams in common: look further than the default of 0.3.
      await tx.query(sql`select set_config('pg_trgm.similarity_threshold', '0.2', true)`)
      const rows = await tx.query<{ word: string; near: string[] }>(sql`
        select given.word, array(select known.word from catalog.words known where known.word % given.word
          order by similarity(known.word, given.word) desc, known.word limit 60) as near
        from unnest(${words}::text[]) as given (word)`)
      return new Map(rows.map(({ word, near }) => [word, near]))
    },
    { readOnly: true },
  )
}
