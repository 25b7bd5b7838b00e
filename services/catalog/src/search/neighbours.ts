import { type Database, type Queryable, sql } from '@colophon/postgres'
import { editDistance, prefixDistance } from './distance.ts'
import { oneEditFrom, twoSlipsFrom } from './edits.ts'
import type { Term } from './terms.ts'

/** A word that may have been meant. */
export interface Neighbour {
  word: string
  /** How many edits away it is, and half of one more when it begins with another letter: that is rarely wrong. */
  distance: number
}

/** Words that may have been meant by a word, the nearest first. */
export type Neighbours = ReadonlyMap<string, readonly Neighbour[]>

/** How many neighbours of a word are tried. */
const maxNeighbours = 16

/** How many letters may be wrong in a word: none where that would make another word of it. */
export function tolerance(word: string): number {
  if (word.length < 3 || !/^\p{L}+$/u.test(word)) return 0
  return word.length < 6 ? 1 : 2
}

/** Which of the words some book has. */
export async function knownWords(db: Queryable, words: Iterable<string>): Promise<Set<string>> {
  // Looked up one by one: for many at once PostgreSQL would take the index by trigrams, which takes seconds.
  const rows = await db.query<{ word: string }>(sql`
    select known.word from unnest(${[...words]}::text[]) as given (word)
    cross join lateral (select word from catalog.words where word = given.word limit 1) as known`)
  return new Set(rows.map(({ word }) => word))
}

/** Known words that one edit makes of the terms'. */
export async function nextNeighbours(db: Queryable, terms: readonly Term[]): Promise<Neighbours> {
  const edited = new Map(terms.map(({ word }) => [word, oneEditFrom(word)]))
  const known = await knownWords(db, new Set([...edited.values()].flatMap((words) => [...words])))
  return neighboursOf(terms, (typed) =>
    [...known].filter((word) => edited.get(typed)?.has(word)).map((word) => ({ word, edits: 1 })),
  )
}

/** Whether more than one letter of a word may be wrong. */
export function hasFurther({ word }: Term): boolean {
  return tolerance(word) > 1
}

/** Known words that are within the tolerance of the terms', of those that are most alike. */
export async function furtherNeighbours(database: Database, terms: readonly Term[]): Promise<Neighbours> {
  const further = terms.filter(hasFurther)
  const slips = new Map(further.map(({ word }) => [word, twoSlipsFrom(word)]))
  const slipped = await knownWords(database, new Set([...slips.values()].flatMap((words) => [...words])))
  const alike = await alikeWords(database, further)
  return neighboursOf(further, (typed) =>
    [...slipped, ...(alike.get(typed) ?? [])]
      .map((word) => ({ word, edits: editDistance(typed, word, tolerance(typed)) }))
      .filter(({ edits }) => edits <= tolerance(typed)),
  )
}

/** Known words that begin, within the tolerance, as the term that is still being typed: a letter more is missing. */
export async function begunNeighbours(database: Database, terms: readonly Term[]): Promise<Neighbours> {
  const begun = terms.filter(({ word, prefix }) => prefix && word.length > 3)
  const alike = await alikeWords(database, begun)
  return neighboursOf(begun, (typed) =>
    (alike.get(typed) ?? [])
      .map((word) => ({ word, edits: prefixDistance(typed, word, tolerance(typed)) + 1 }))
      .filter(({ edits }) => edits <= tolerance(typed) + 1),
  )
}

function neighboursOf(
  terms: readonly Term[],
  find: (typed: string) => { word: string; edits: number }[],
): Neighbours {
  const near = terms.map(({ word: typed }): [string, Neighbour[]] => {
    const found = find(typed).filter(({ word }) => word !== typed)
    return [typed, nearest(found.map(({ word, edits }) => neighbour(typed, word, edits)))]
  })
  return new Map(near)
}

function neighbour(typed: string, word: string, edits: number): Neighbour {
  return { word, distance: edits + (word[0] === typed[0] ? 0 : 0.5) }
}

/** All of the neighbours, of each word the nearest. */
export function mergeNeighbours(...several: readonly Neighbours[]): Neighbours {
  const words = new Set(several.flatMap((some) => [...some.keys()]))
  return new Map([...words].map((word) => [word, nearest(several.flatMap((some) => some.get(word) ?? []))]))
}

/** The nearest of them, each once. */
function nearest(neighbours: readonly Neighbour[]): Neighbour[] {
  const once = new Map<string, Neighbour>()
  for (const one of neighbours.toSorted((a, b) => a.distance - b.distance)) {
    if (!once.has(one.word)) once.set(one.word, one)
  }
  return [...once.values()].slice(0, maxNeighbours)
}

/** Known words that share trigrams with each of the words, the most alike first. */
async function alikeWords(database: Database, terms: readonly Term[]): Promise<Map<string, string[]>> {
  if (terms.length === 0) return new Map()
  const words = terms.map(({ word }) => word)
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
