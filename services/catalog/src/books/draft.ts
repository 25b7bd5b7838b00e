import type { FieldProblem } from '@colophon/http'
import { type Isbn, parseIsbn } from '@colophon/isbn'
import type { availabilities, BookInput, formats, Money, roles } from '../schemas.ts'
import { bibliographicLanguage } from './languages.ts'

export type Role = (typeof roles)[number]

/** Who is credited: a contributor known by its id, or one to be found or made by its name. */
export type CreditDraft = { id: string; role: Role } | { name: string; role: Role }

export interface SubjectDraft {
  scheme: string
  code: string
  text: string
}

/** A book as it is to be stored: checked and in the catalogue's own forms, its names not yet looked up. */
export interface BookDraft {
  isbn13: string | null
  title: string
  subtitle: string | null
  contributors: CreditDraft[]
  publisher: { id: string } | { name: string } | null
  language: string | null
  year: number | null
  publishedOn: string | null
  format: (typeof formats)[number] | null
  subjects: SubjectDraft[]
  description: string | null
  pages: number | null
  price: Money | null
  coverUrl: string | null
  availability: (typeof availabilities)[number]
  inStock: boolean
  popularity: number
}

export type DraftResult = { draft: BookDraft } | { issues: FieldProblem[] }

/** What `inStock` and `popularity` are when the input does not say: other parts of the system feed them. */
export interface Fed {
  inStock: boolean
  popularity: number
  /** Whether `inStock` is the shop's own stock, which no input changes. */
  isStockFollowed?: boolean
}

const notFed: Fed = { inStock: false, popularity: 0 }

/**
 * Turns a book as written into the catalogue's own forms, or says all that is wrong with it.
 * The input has passed the schema `BookInput`: only what a schema cannot say is checked here.
 */
export function draftOf(input: BookInput, fed: Fed = notFed): DraftResult {
  const issues: FieldProblem[] = []
  const draft = drafted(input, fed, issues)
  return issues.length > 0 ? { issues } : { draft }
}

/** A book of which no more is known than its title. */
export function bareDraft(title: string): BookDraft {
  return drafted({ title }, notFed, [])
}

function drafted(input: BookInput, fed: Fed, issues: FieldProblem[]): BookDraft {
  return {
    isbn13: isbnOf(input, issues),
    title: tidy(input.title),
    subtitle: tidyOrNull(input.subtitle),
    contributors: creditsOf(input, issues),
    publisher: publisherOf(input, issues),
    language: languageOf(input, issues),
    year: input.year ?? yearOf(input.publishedOn),
    publishedOn: input.publishedOn ?? null,
    format: input.format ?? null,
    subjects: subjectsOf(input, issues),
    description: input.description ? composed(input.description) : null,
    pages: input.pages ?? null,
    price: input.price ?? null,
    coverUrl: input.coverUrl ?? null,
    availability: input.availability ?? 'unknown',
    inStock: (fed.isStockFollowed ? undefined : input.inStock) ?? fed.inStock,
    popularity: input.popularity ?? fed.popularity,
  }
}

/** Composed letters, single spaces, none at the ends. */
export function tidy(text: string): string {
  return composed(text).replace(/\s+/g, ' ').trim()
}

/**
 * In Unicode's composed form (NFC), which a few letters are longer in, such as U+FB2C: text with these stays as it
 * is, so that what was short enough when it was written is short enough when it is sent back.
 */
function composed(text: string): string {
  const nfc = text.normalize('NFC')
  return nfc.length > text.length ? text : nfc
}

function tidyOrNull(text: string | null | undefined): string | null {
  return tidy(text ?? '') || null
}

/** Either field may give it; where both do, they are the same book's. */
function isbnOf(input: BookInput, issues: FieldProblem[]): string | null {
  const isbn = readIsbn(input, 'isbn13', issues)
  const other = readIsbn(input, 'isbn10', issues)
  if (isbn && other && isbn.isbn13 !== other.isbn13) {
    const right = isbn.isbn10 === null ? 'has no ISBN-10' : `is ${isbn.isbn10} as an ISBN-10`
    const message = `not the same as isbn13, which ${right}: correct one of them, or leave isbn10 out`
    issues.push({ path: '/isbn10', code: 'isbn_mismatch', message })
  }
  return (isbn ?? other)?.isbn13 ?? null
}

function readIsbn(input: BookInput, field: 'isbn13' | 'isbn10', issues: FieldProblem[]): Isbn | undefined {
  const text = input[field]
  if (text === undefined || text === null) return undefined
  const result = parseIsbn(text)
  if (result.ok) return result.isbn
  issues.push({ path: `/${field}`, code: result.code, message: result.message })
  return undefined
}

function creditsOf(input: BookInput, issues: FieldProblem[]): CreditDraft[] {
  const seen = new Set<string>()
  return (input.contributors ?? []).flatMap((credit, index): CreditDraft[] => {
    const path = `/contributors/${index}`
    const role = credit.role ?? 'author'
    const name = tidy(credit.name ?? '')
    if (credit.id === undefined && name === '') {
      issues.push({ path, code: 'required', message: 'an id or a name is needed' })
      return []
    }
    const key = `${role} ${credit.id ?? name.toLowerCase()}`
    if (seen.has(key)) {
      issues.push({ path, code: 'duplicate', message: `the same contributor is already listed as ${role}` })
      return []
    }
    seen.add(key)
    return [credit.id === undefined ? { name, role } : { id: credit.id.toLowerCase(), role }]
  })
}

function publisherOf({ publisher }: BookInput, issues: FieldProblem[]): BookDraft['publisher'] {
  if (!publisher) return null
  if (publisher.id !== undefined) return { id: publisher.id.toLowerCase() }
  const name = tidy(publisher.name ?? '')
  if (name !== '') return { name }
  issues.push({ path: '/publisher', code: 'required', message: 'an id or a name is needed' })
  return null
}

function languageOf({ language }: BookInput, issues: FieldProblem[]): string | null {
  if (language === undefined || language === null) return null
  const code = bibliographicLanguage(language)
  if (code) return code
  const message = `no ISO 639-1 or 639-2 language has the code "${language}": write for example "eng" or "de"`
  issues.push({ path: '/language', code: 'language_unknown', message })
  return null
}

/** The year of a day; null when there is none. */
export function yearOf(publishedOn: string | null | undefined): number | null {
  return publishedOn ? Number(publishedOn.slice(0, 4)) : null
}

function subjectsOf(input: BookInput, issues: FieldProblem[]): SubjectDraft[] {
  const seen = new Set<string>()
  return (input.subjects ?? []).flatMap((subject, index) => {
    const code = tidy(subject.code)
    const key = `${subject.scheme} ${code}`
    if (seen.has(key)) {
      const message = 'the same subject is already listed'
      issues.push({ path: `/subjects/${index}/code`, code: 'duplicate', message })
      return []
    }
    seen.add(key)
    return [{ scheme: subject.scheme, code, text: tidy(subject.text ?? '') || code }]
  })
}
