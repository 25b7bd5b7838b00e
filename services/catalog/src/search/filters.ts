import { isUuid } from '@colophon/http'
import { type Queryable, type Sql, sql } from '@colophon/postgres'
import { bibliographicLanguage } from '../books/languages.ts'
import { catalogProblem } from '../problems.ts'
import { filterTerm } from './document.ts'

/** What a list of books may be narrowed by, as the query string has it. */
export interface BookFilters {
  contributor?: string
  publisher?: string
  /** A subject's id, or `scheme:code`. */
  subject?: string
  language?: string
  format?: string
  /** `1997`, `1990..1999`, `1990..` or `..1999`. */
  year?: string
  /** Minor units of the shop's currency: `1000..2000`, `1000..`, `..2000` or one price. */
  price?: string
  inStock?: boolean
}

export interface AppliedFilters {
  /** Terms for the text index, quoted for a tsquery. */
  terms: string[]
  /** Conditions on columns of `book`. */
  conditions: Sql[]
  /** Whether years are asked for: then the order of release says where the matches are not. */
  byYear: boolean
}

/** A range of at most so many years is looked up in the text index, a longer one compared row by row. */
const maxYearTerms = 25

/**
 * The filters as terms of the index and conditions on columns.
 * @throws Problem filter_invalid naming the parameter and what it expects
 */
export async function applyFilters(db: Queryable, filters: BookFilters): Promise<AppliedFilters> {
  const terms: string[] = []
  const conditions: Sql[] = []
  if (filters.contributor) terms.push(quoted(filterTerm.contributor(filters.contributor)))
  if (filters.publisher) terms.push(quoted(filterTerm.publisher(filters.publisher)))
  if (filters.format) terms.push(quoted(filterTerm.format(filters.format)))
  if (filters.language) terms.push(quoted(filterTerm.language(languageCode(filters.language))))
  if (filters.subject) terms.push(quoted(filterTerm.subject(await subjectId(db, filters.subject))))
  if (filters.year !== undefined) applyYears(filters.year, terms, conditions)
  if (filters.price !== undefined) {
    const { from, to } = rangeOf('price', filters.price)
    if (from !== undefined) conditions.push(sql`book.price_today >= ${from}`)
    if (to !== undefined) conditions.push(sql`book.price_today <= ${to}`)
  }
  if (filters.inStock !== undefined) conditions.push(sql`book.in_stock = ${filters.inStock}`)
  return { terms, conditions, byYear: filters.year !== undefined }
}

function quoted(term: string): string {
  return `'${term}'`
}

function languageCode(language: string): string {
  const code = bibliographicLanguage(language)
  if (code) return code
  throw filterInvalid('language', 'must be an ISO 639-1 or 639-2 code such as eng or de')
}

/** Stands for a subject that nobody knows: no book has it. */
const noSubject = '00000000-0000-0000-0000-000000000000'

async function subjectId(db: Queryable, subject: string): Promise<string> {
  if (isUuid(subject)) return subject
  const [scheme, code] = subject.split(/:(.*)/s)
  if (!scheme || !code) throw filterInvalid('subject', 'must be an id or scheme:code, such as thema:FB')
  const row = await db.maybeOne<{ id: string }>(
    sql`select id from catalog.subjects where scheme = ${scheme} and code = ${code}`,
  )
  return row?.id ?? noSubject
}

function applyYears(year: string, terms: string[], conditions: Sql[]): void {
  const { from, to } = rangeOf('year', year)
  if (from !== undefined && to !== undefined && to - from < maxYearTerms) {
    const years = Array.from({ length: to - from + 1 }, (_, index) => quoted(filterTerm.year(from + index)))
    terms.push(`(${years.join(' | ')})`)
    return
  }
  if (from !== undefined) conditions.push(sql`book.year >= ${from}`)
  if (to !== undefined) conditions.push(sql`book.year <= ${to}`)
}

/** The ends of a range, whose form the schema of the query has checked. */
function rangeOf(parameter: string, text: string): { from?: number; to?: number } {
  const [from = '', to = ''] = text.includes('..') ? text.split('..') : [text, text]
  if (from !== '' && to !== '' && Number(from) > Number(to)) {
    throw filterInvalid(parameter, `must not begin after it ends: ${to}..${from}`)
  }
  return { ...(from !== '' && { from: Number(from) }), ...(to !== '' && { to: Number(to) }) }
}

function filterInvalid(parameter: string, message: string) {
  return catalogProblem('filter_invalid', `${parameter} ${message}`, {
    errors: [{ path: parameter, code: 'filter_invalid', message }],
  })
}
