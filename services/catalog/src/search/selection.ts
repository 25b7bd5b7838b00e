import { parseIsbn } from '@colophon/isbn'
import { type Database, join, type Sql, sql } from '@colophon/postgres'
import { suggestions } from './correct.ts'
import { type AppliedFilters, applyFilters, type BookFilters } from './filters.ts'
import { likeliest } from './likeliest.ts'
import type { Correction } from './position.ts'
import { lexemeOf, type Term, termsOf, tsqueryOf } from './terms.ts'
import { nameKey, queryWords } from './words.ts'

/** Which books a query selects, before any order. */
export interface Selection {
  /** Conditions on `book`, joined by "and". */
  where: Sql
  /** The words as a tsquery, for ranking; null when no words are looked for. */
  words: string | null
  /** The query, corrected if need be, as a whole title is compared: for titles that are exactly it. */
  titleKey: string
  /** Whether years are asked for (search/by-sort.ts). */
  byYear: boolean
  correction: Correction
  /** What the query was taken to mean, when nothing matched it as typed. */
  correctedQuery: string | null
}

export type BookQuery = BookFilters & { q?: string }

/** How a query was taken. */
export type Reading = Pick<Selection, 'correction' | 'correctedQuery'>

/**
 * What a query selects. When nothing has its words as typed, misspelt ones are forgiven: first those that no
 * book has, then any.
 * @param known how the query was taken on an earlier page of the same list
 */
export async function selectBooks(database: Database, query: BookQuery, known?: Reading): Promise<Selection> {
  const filters = await applyFilters(database, query)
  const typed = termsOf(query.q ?? '')
  const select = (terms: readonly Term[], reading: Reading) => selection(query, filters, terms, reading)
  const plain = select(typed, asTyped)
  if (known)
    return known.correctedQuery === null ? plain : select(termsMeant(typed, known.correctedQuery), known)
  if (typed.length === 0 || isbnOf(query.q) || (await matchesAny(database, plain.where))) return plain
  const anywhere = sql`book.deleted_at is null and book.search @@ ${tsqueryOf(typed, [])}::tsquery`
  if (isNarrowed(filters) && (await matchesAny(database, anywhere))) return plain
  for await (const { correction, choices } of suggestions(database, typed)) {
    const anyOfEach = choices.map((some) => `(${some.map(lexemeOf).join(' | ')})`).join(' & ')
    const correctedQuery = await likeliest(database, conditionsOf(filters, anyOfEach), choices)
    if (correctedQuery) return select(termsMeant(typed, correctedQuery), { correction, correctedQuery })
  }
  return plain
}

const asTyped: Reading = { correction: 0, correctedQuery: null }

/** The words that were meant, each in its place. */
function termsMeant(typed: readonly Term[], correctedQuery: string): Term[] {
  const words = queryWords(correctedQuery)
  return typed.map(({ word, prefix }, i) => ({ word: words[i] ?? word, prefix }))
}

function selection(
  query: BookQuery,
  filters: AppliedFilters,
  terms: readonly Term[],
  { correction, correctedQuery }: Reading,
): Selection {
  const q = query.q ?? ''
  const isbn13 = isbnOf(q)
  const words = isbn13 ? null : tsqueryOf(terms, [])
  const conditions = [conditionsOf(filters, words)]
  if (isbn13) {
    conditions.push(
      sql`book.id = (select book_id from catalog.identifiers where scheme = 'isbn13' and value = ${isbn13})`,
    )
  } else if (q.trim() !== '' && words === null) {
    // A title without a single letter or digit.
    conditions.push(sql`book.title_key = ${nameKey(q)}`)
  }
  return {
    where: join(conditions, ' and '),
    words,
    titleKey: nameKey(correctedQuery ?? q),
    byYear: filters.byYear,
    correction,
    correctedQuery,
  }
}

/** What passes the filters and has these words, a tsquery, if any are given. */
function conditionsOf({ conditions, terms }: AppliedFilters, words: string | null): Sql {
  const wanted = tsqueryOf([], words === null ? terms : [words, ...terms])
  const search = wanted === null ? [] : [sql`book.search @@ ${wanted}::tsquery`]
  return join([sql`book.deleted_at is null`, ...conditions, ...search], ' and ')
}

function isNarrowed({ conditions, terms }: AppliedFilters): boolean {
  return conditions.length + terms.length > 0
}

/** Whether a query has words to rank its matches by: an ISBN has none, nor have signs alone. */
export function hasWords(q: string | undefined): boolean {
  return isbnOf(q) === undefined && termsOf(q ?? '').length > 0
}

function isbnOf(q: string | undefined): string | undefined {
  const result = parseIsbn(q ?? '')
  return result.ok ? result.isbn.isbn13 : undefined
}

async function matchesAny(database: Database, where: Sql): Promise<boolean> {
  const { found } = await database.one<{ found: boolean }>(
    sql`select exists (select from catalog.books book where ${where}) as found`,
  )
  return found
}
