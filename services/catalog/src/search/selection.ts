import { parseIsbn } from '@colophon/isbn'
import { type Database, join, type Sql, sql } from '@colophon/postgres'
import { suggestions } from './correct.ts'
import { isDoubtful, isFarMorePopular } from './doubtful.ts'
import { type AppliedFilters, applyFilters, type BookFilters } from './filters.ts'
import { likeliest } from './likeliest.ts'
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
  /** What the query was taken to mean, when nothing matched it as typed or what did is not likely to be meant. */
  correctedQuery: string | null
}

export type BookQuery = BookFilters & { q?: string }

/**
 * What a query selects. When nothing has its words as typed, or hardly anything and that by accident, misspelt ones
 * are forgiven: first those that no book has, then any.
 * @param known what an earlier page of the same list took the query for
 */
export async function selectBooks(
  database: Database,
  query: BookQuery,
  known?: Pick<Selection, 'correctedQuery'>,
): Promise<Selection> {
  const filters = await applyFilters(database, query)
  const typed = termsOf(query.q ?? '')
  const taken = (correctedQuery: string | null) => selection(query, filters, typed, correctedQuery)
  const plain = taken(null)
  if (known) return taken(known.correctedQuery)
  if (typed.length === 0 || isbnOf(query.q)) return plain
  const matches = await matchesAny(database, plain.where)
  if (matches && !(await isDoubtful(database, plain, typed))) return plain
  const anywhere = sql`book.deleted_at is null and book.search @@ ${tsqueryOf(typed, [])}::tsquery`
  if (!matches && isNarrowed(filters) && (await matchesAny(database, anywhere))) return plain
  // Matches that are doubtful stay unless something else is far likelier.
  let best = matches ? plain : undefined
  for await (const choices of suggestions(database, typed)) {
    const anyOfEach = choices.map((some) => `(${some.map(lexemeOf).join(' | ')})`).join(' & ')
    const others = sql`${conditionsOf(filters, anyOfEach)} and not (${plain.where})`
    const correctedQuery = await likeliest(database, others, choices)
    if (!correctedQuery) continue
    const corrected = taken(correctedQuery)
    if (await isDoubtful(database, corrected, termsMeant(typed, correctedQuery))) best ??= corrected
    else if (!best || (await isFarMorePopular(database, corrected, best))) return corrected
  }
  return best ?? plain
}

/** The words that were meant, each in its place. */
function termsMeant(typed: readonly Term[], correctedQuery: string): Term[] {
  const words = queryWords(correctedQuery)
  return typed.map(({ word, prefix }, i) => ({ word: words[i] ?? word, prefix }))
}

function selection(
  query: BookQuery,
  filters: AppliedFilters,
  typed: readonly Term[],
  correctedQuery: string | null,
): Selection {
  const terms = correctedQuery === null ? typed : termsMeant(typed, correctedQuery)
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
