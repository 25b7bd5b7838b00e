import { type Queryable, sql } from '@colophon/postgres'
import { knownWords } from './neighbours.ts'
import type { Selection } from './selection.ts'
import { type Term, wholeWords } from './terms.ts'

/** More matches than these are no accident. */
const fewest = 5

/** How many times as popular books must be to be what was meant. */
const farMore = 8

/**
 * Whether a query that some book matches may still be misspelt: its words are all known, but no book has them all;
 * few match, and only since the last word begins another (steven king: a Steven beside a Kingsolver).
 */
export async function isDoubtful(
  db: Queryable,
  { where, words }: Pick<Selection, 'where' | 'words'>,
  terms: readonly Term[],
): Promise<boolean> {
  if (words === null || terms.length < 2 || !terms.at(-1)?.prefix) return false
  // A book that the filters leave out has them too.
  const { doubtful } = await db.one<{ doubtful: boolean }>(sql`
    select not exists (select from catalog.books book
        where book.deleted_at is null and book.search @@ ${wholeWords(words)}::tsquery)
      and (select count(*) from (select from catalog.books book where ${where} limit ${fewest}) matching) < ${fewest}
      as doubtful`)
  if (!doubtful) return false
  const known = await knownWords(
    db,
    terms.map(({ word }) => word),
  )
  return terms.every(({ word }) => known.has(word))
}

/** Whether the most popular book of one selection is far more popular than that of the other. */
export async function isFarMorePopular(
  db: Queryable,
  { where: one }: Pick<Selection, 'where'>,
  { where: other }: Pick<Selection, 'where'>,
): Promise<boolean> {
  const { isFar } = await db.one<{ isFar: boolean }>(sql`
    select (select max(book.popularity) from catalog.books book where ${one})
      >= ${farMore} * (select 1 + max(book.popularity) from catalog.books book where ${other}) as "isFar"`)
  return isFar
}
