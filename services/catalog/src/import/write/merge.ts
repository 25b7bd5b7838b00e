import type { BookDraft } from '../../books/draft.ts'
import { type FieldGroup, fieldGroups, groupNames } from '../../books/field-groups.ts'
import { staffSource } from '../../books/provenance.ts'
import type { Book } from '../../schemas.ts'
import type { FeedFields } from '../layouts/layout.ts'

/** Which source each group of a book's fields was taken from. */
export type Owners = ReadonlyMap<FieldGroup, string>

const empty: BookDraft = {
  isbn13: null,
  title: '',
  subtitle: null,
  contributors: [],
  publisher: null,
  language: null,
  year: null,
  publishedOn: null,
  format: null,
  subjects: [],
  description: null,
  pages: null,
  price: null,
  coverUrl: null,
  availability: 'unknown',
  inStock: false,
  popularity: 0,
}

/** The new book that a source speaks of. */
export function newDraft(fields: FeedFields & { title: string }): BookDraft {
  return { ...empty, ...stated(fields, () => true) }
}

/**
 * A book as it is to be when a source has spoken. Groups that staff wrote stay. What the source says replaces
 * what any feed said; where it says that there is nothing, only what it said itself goes.
 */
export function mergedDraft(book: Book, fields: FeedFields, owners: Owners, source: string): BookDraft {
  const taken = stated(fields, (group, field) => {
    const owner = owners.get(group)
    return owner !== staffSource && (saysSomething(fields[field]) || owner === source)
  })
  return { ...draftOfBook(book), ...taken }
}

/** The groups that a source says something in and may: staff's are not taken from them. */
export function claimedGroups(fields: FeedFields, owners: Owners): FieldGroup[] {
  return groupNames.filter(
    (group) =>
      owners.get(group) !== staffSource && fieldGroups[group].some((field) => saysSomething(fields[field])),
  )
}

function stated(
  fields: FeedFields,
  isTaken: (group: FieldGroup, field: keyof BookDraft) => boolean,
): Partial<BookDraft> {
  const entries = groupNames.flatMap((group) =>
    fieldGroups[group].flatMap((field) =>
      fields[field] !== undefined && isTaken(group, field) ? [[field, fields[field]] as const] : [],
    ),
  )
  return Object.fromEntries(entries)
}

function saysSomething(value: unknown): boolean {
  return Array.isArray(value) ? value.length > 0 : value !== undefined && value !== null
}

/** The book as it is, its contributors and publisher by their ids. */
function draftOfBook(book: Book): BookDraft {
  const { isbn13, title, subtitle, language, year, publishedOn, format, subjects, description } = book
  const { pages, price, coverUrl, availability, inStock, popularity } = book
  return {
    isbn13,
    title,
    subtitle,
    contributors: book.contributors.map(({ id, role }) => ({ id, role })),
    publisher: book.publisher && { id: book.publisher.id },
    language,
    year,
    publishedOn,
    format,
    subjects,
    description,
    pages,
    price,
    coverUrl,
    availability,
    inStock,
    popularity,
  }
}
