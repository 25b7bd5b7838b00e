import fc from 'fast-check'
import { expect } from 'vitest'
import type { Book, BookInput } from '../../src/schemas.ts'

/** What the model says of a book: all that is not made by the catalogue itself. */
export interface Content {
  isbn13: string | null
  title: string
  subtitle: string | null
  contributors: { name: string; role: string }[]
  publisher: { name: string } | null
  language: string | null
  year: number | null
  subjects: { scheme: string; code: string; text: string }[]
  price: { amount: number; currency: string } | null
  inStock: boolean
  popularity: number
}

export interface ModelBook {
  id: string
  version: number
  deleted: boolean
  content: Content
}

/** What is known of the catalogue from outside. */
export interface Model {
  books: ModelBook[]
}

export const live = ({ books }: Model) => books.filter(({ deleted }) => !deleted)

export const holderOf = ({ books }: Model, isbn13: string | null) =>
  books.find(({ content }) => isbn13 !== null && content.isbn13 === isbn13)

const empty: Omit<Content, 'title'> = {
  isbn13: null,
  subtitle: null,
  contributors: [],
  publisher: null,
  language: null,
  year: null,
  subjects: [],
  price: null,
  inStock: false,
  popularity: 0,
}

export type Input = Partial<Content> & { title: string }

/** What a book holds once this was written; `fed` is what stays when the input does not say. */
export function contentOf(input: Input, fed: { inStock: boolean; popularity: number } = empty): Content {
  const { inStock, popularity } = fed
  return { ...empty, inStock, popularity, ...input }
}

/** RFC 7396 where it is flat; a publisher is replaced whole. */
export function patched(content: Content, patch: Partial<Content>): Content {
  return { ...content, ...patch }
}

/** Writes a change into the model: a new version when there is one. */
export function become(book: ModelBook, content: Content): void {
  if (JSON.stringify(sorted(book.content)) === JSON.stringify(sorted(content))) return
  book.content = content
  book.version++
}

/** A book that is new or was deleted is there as written, with the stock and popularity it had. */
export function comeBack(book: ModelBook, written: Input): void {
  Object.assign(book, {
    deleted: false,
    version: book.version + 1,
    content: contentOf(written, book.content),
  })
}

function sorted(content: Content): [string, unknown][] {
  return Object.entries(content).sort(([a], [b]) => (a < b ? -1 : 1))
}

/** That a book as answered is the book of the model. */
export function expectBook(book: Book, { id, version, content }: ModelBook): void {
  expect(book).toMatchObject({ id, version, ...content })
}

/** The order of the shelf: its article aside, then the id. The titles are of plain letters. */
export function byTitle(a: ModelBook, b: ModelBook): number {
  const key = ({ content: { title, language } }: ModelBook) =>
    title.replace(
      language === 'ger' ? /^(der|ein) /i : language === null || language === 'eng' ? /^(the|a) /i : /^$/,
      '',
    )
  return key(a).localeCompare(key(b), 'en') || (a.id < b.id ? -1 : 1)
}

/** The cheapest first, those without a price last. */
export function byPrice(a: ModelBook, b: ModelBook): number {
  const key = ({ content: { price } }: ModelBook) => price?.amount ?? Number.MAX_SAFE_INTEGER
  return key(a) - key(b) || (a.id < b.id ? -1 : 1)
}

/** Whether a book is found by a word, given whole and in small letters. */
export function hasWord({ content }: ModelBook, word: string): boolean {
  const { title, subtitle, contributors, publisher, subjects } = content
  const texts = [title, subtitle, publisher?.name, ...contributors.map(({ name }) => name)]
  const all = [...texts, ...subjects.map(({ text }) => text)].join(' ').toLowerCase()
  return all.split(' ').includes(word)
}

export const words = ['the', 'sea', 'wolf', 'der', 'garden', 'ana', 'bea', 'press', 'robots', 'again', 'ein']

const fields = {
  subtitle: fc.constantFrom(null, 'Again', 'Sea and Garden'),
  contributors: fc.uniqueArray(
    fc.record({
      name: fc.constantFrom('Ana Wolf', 'Bea Sea', 'Cem'),
      role: fc.constantFrom('author', 'editor'),
    }),
    { maxLength: 4, selector: ({ name, role }) => `${name} ${role}` },
  ),
  publisher: fc.constantFrom(null, { name: 'Garden Press' }, { name: 'Sea Press' }),
  language: fc.constantFrom(null, 'eng', 'ger', 'rus'),
  year: fc.constantFrom(null, -500, 1999, 2026),
  subjects: fc.subarray([
    { scheme: 'keyword', code: 'robots', text: 'Robots' },
    { scheme: 'thema', code: 'FBC', text: 'Classic' },
  ]),
  price: fc.option(fc.record({ amount: fc.nat({ max: 3 }), currency: fc.constant('EUR') })),
  inStock: fc.boolean(),
  popularity: fc.nat({ max: 3 }),
}

const title = fc.constantFrom(
  'The Sea',
  'A Wolf',
  'Der Garden',
  'Ein Wolf',
  'Garden',
  'the sea wolf',
  'Sea Wolf',
)
const isbn13 = fc.constantFrom(null, '9780439023481', '9780000000019', '9780804429573')

/** A book to be written; not every field is said. */
export const input: fc.Arbitrary<Input> = fc.record({ title, isbn13, ...fields }, { requiredKeys: ['title'] })

/** A patch of one or more fields. */
export const patch: fc.Arbitrary<Partial<Content>> = fc
  .record({ title, isbn13, ...fields }, { requiredKeys: [] })
  .filter((given) => Object.keys(given).length > 0)

/** The model's content is what a request may hold. */
export type Written = Input & BookInput
