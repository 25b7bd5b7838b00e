import { type Queryable, type Sql, sql } from '@colophon/postgres'
import type { Choice } from './correct.ts'
import { lexemeOf } from './terms.ts'

/** How many books, the most popular ones, say which words occur together. */
const maxBooks = 200

/** A book whose words are one edit further from what was typed counts so many times less. */
const lossPerEdit = 8

/** A book that has, for each term, one of its choices. */
interface Witness {
  popularity: number
  /** The numbers of the choices that it has, counted from 1 over all terms in order. */
  held: number[]
}

/**
 * Of the words that each term may mean, those that occur together in the most and most popular books, the nearer
 * to what was typed the better; undefined when no book has one for each term.
 * @param where holds for the books that do
 */
export async function likeliest(
  db: Queryable,
  where: Sql,
  choices: readonly (readonly Choice[])[],
): Promise<string | undefined> {
  const books = await db.query<Witness>(sql`
    with popular as materialized (select book.popularity, book.search
      from catalog.books book where ${where} order by book.popularity desc, book.id desc limit ${maxBooks})
    select popularity, array(
      select number::integer from unnest(${choices.flat().map(lexemeOf)}::tsquery[]) with ordinality
        as choice (lexeme, number)
      where popular.search @@ choice.lexeme) as held
    from popular`)
  const scores = new Map<string, number>()
  for (const { popularity, held } of books) {
    const meant = nearestHeld(choices, new Set(held))
    if (!meant) continue
    const score = (1 + Math.log1p(popularity)) / lossPerEdit ** meant.distance
    scores.set(meant.words, (scores.get(meant.words) ?? 0) + score)
  }
  const [best] = [...scores].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))
  return best?.[0]
}

/** The nearest choice of each term that a book has; undefined when two words would be taken for the same one. */
function nearestHeld(choices: readonly (readonly Choice[])[], held: ReadonlySet<number>) {
  const words: string[] = []
  const corrected = new Map<string, string>()
  let distance = 0
  let counted = 0
  for (const some of choices) {
    const first = counted + 1
    counted += some.length
    const typed = some[0]?.word ?? ''
    const choice = some.find(
      ({ word }, i) => held.has(first + i) && (i === 0 || (corrected.get(word) ?? typed) === typed),
    )
    if (!choice) return undefined
    if (choice.distance > 0) corrected.set(choice.word, typed)
    words.push(choice.word)
    distance += choice.distance
  }
  return { words: words.join(' '), distance }
}
