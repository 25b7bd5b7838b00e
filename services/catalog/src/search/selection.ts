import { parseIsbn } from '@colophon/isbn'
import { type Database, join, type Sql, sql } from '@colophon/postgres'
import { correctTerms } from './correct.ts'
import { type AppliedFilters, applyFilters, type BookFilters } from './filters.ts'
import type { Correction } from './position.ts'
import { type Term, termsOf, tsqueryOf } from './terms.ts'
import { nameKey } from './words.ts'

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

/**
 * What a query selects. When nothing matches as typed, misspelt words are forgiven: first those that no book
 * has, then any.
 * @param known the correction that an earlier page of the same list found to be needed
 */
export async function selectBooks(
  database: Database,
  query: BookQuery,
  known?: Correction,
): Promise<Selection> {
  const filters = await applyFilters(database, query)
  const typed = termsOf(query.q ?? '')
  const plain = selection(query, filters, typed, 0)
  if (typed.length === 0 || known === 0 || isbnOf(query.q)) return plain
  if (known === undefined && (await matchesAny(database, plain))) return plain
  for (const correction of [1, 2] as const) {
    if (known !== undefined && known !== correction) continue
    const corrected = await correctTerms(database, typed, correction === 2)
    if (!corrected) continue
    const meant = selection(query, filters, corrected, correction)
    if (known === correction || (await matchesAny(database, meant))) return meant
  }
  return plain
}

function selection(
  query: BookQuery,
  filters: AppliedFilters,
  terms: Term[],
  correction: Correction,
): Selection {
  const q = query.q ?? ''
  const correctedQuery = correction === 0 ? null : terms.map(({ alternatives: [word] }) => word).join(' ')
  const isbn13 = isbnOf(q)
  const words = isbn13 ? null : tsqueryOf(terms, [])
  const wanted = tsqueryOf(isbn13 ? [] : terms, filters.terms)
  const conditions = [sql`book.deleted_at is null`, ...filters.conditions]
  if (wanted !== null) conditions.push(sql`book.search @@ ${wanted}::tsquery`)
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

/** Whether a query has words to rank its matches by: an ISBN has none, nor have signs alone. */
export function hasWords(q: string | undefined): boolean {
  return isbnOf(q) === undefined && termsOf(q ?? '').length > 0
}

function isbnOf(q: string | undefined): string | undefined {
  const result = parseIsbn(q ?? '')
  return result.ok ? result.isbn.isbn13 : undefined
}

async function matchesAny(database: Database, { where }: Selection): Promise<boolean> {
  const { found } = await database.one<{ found: boolean }>(
    sql`select exists (select from catalog.books book where ${where}) as found`,
  )
  return found
}
