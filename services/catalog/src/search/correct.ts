import type { Database } from '@colophon/postgres'
import {
  begunNeighbours,
  furtherNeighbours,
  hasFurther,
  knownWords,
  mergeNeighbours,
  type Neighbours,
  nextNeighbours,
  tolerance,
} from './neighbours.ts'
import type { Term } from './terms.ts'

/** A word that a term may mean, and how many edits away from it that is. */
export interface Choice extends Term {
  distance: number
}

/**
 * What a query that nothing matches may have meant, for each of its terms the choices, the nearest first. The
 * likeliest come first: words that no book has with one edit, then with as many as a word of that length allows,
 * then every word, the last perhaps half typed. No more is looked up than is asked for.
 */
export async function* suggestions(
  database: Database,
  terms: readonly Term[],
): AsyncGenerator<Choice[][], void> {
  const doubtful = terms.filter(({ word }) => tolerance(word) > 0)
  if (doubtful.length === 0) return
  const known = await knownWords(
    database,
    doubtful.map(({ word }) => word),
  )
  const unknown = doubtful.filter(({ word }) => !known.has(word))
  let near: Neighbours = new Map()
  if (unknown.length > 0) {
    near = await nextNeighbours(database, unknown)
    if (canMatch(unknown, near)) yield choicesOf(terms, near)
    near = mergeNeighbours(near, await furtherNeighbours(database, unknown))
    // A word that is near to none cannot be helped, nor can the query.
    if (!canMatch(unknown, near)) return
    if (unknown.some(hasFurther)) yield choicesOf(terms, near)
  }
  const others = doubtful.filter(({ word }) => known.has(word))
  const next = await nextNeighbours(database, others)
  const further = await furtherNeighbours(database, others)
  const more = mergeNeighbours(next, further, await begunNeighbours(database, doubtful))
  if ([...more.values()].every(({ length }) => length === 0)) return
  yield choicesOf(terms, mergeNeighbours(near, more))
}

/** Whether each of the unknown words may match: one still being typed may begin others. */
function canMatch(unknown: readonly Term[], near: Neighbours): boolean {
  return unknown.every(({ word, prefix }) => prefix || (near.get(word) ?? []).length > 0)
}

/** A word still being typed may begin others, but what is put in its place is a whole word. */
function choicesOf(terms: readonly Term[], near: Neighbours): Choice[][] {
  return terms.map((term) => [
    { ...term, distance: 0 },
    ...(near.get(term.word) ?? []).map((neighbour) => ({ ...neighbour, prefix: false })),
  ])
}
