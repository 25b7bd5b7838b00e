import { type BookDraft, bareDraft } from '../../books/draft.ts'
import { type BookField, type FieldGroup, fieldGroups, groupNames } from '../../books/field-groups.ts'
import type { Claim } from '../../books/provenance.ts'
import type { KnownBook } from '../../books/read-books.ts'
import type { FeedFields } from '../layouts/layout.ts'

/** What counts for whether a source is listened to on a book. */
export interface Standing {
  /** The groups that staff wrote: no feed is. */
  staffs: ReadonlySet<FieldGroup>
  /** The fields that are as the source itself said them last, nobody having said otherwise since. */
  own: ReadonlySet<BookField>
}

/** The new book that a source speaks of. */
export function newDraft(fields: FeedFields & { title: string }): BookDraft {
  return { ...bareDraft(fields.title), ...stated(fields, () => true) }
}

/**
 * A book as it is to be when a source has spoken. Groups that staff wrote stay. What the source says replaces
 * what any feed said; where it says that there is nothing, only what it said itself goes. Nobody outvotes the
 * shop's own stock.
 */
export function mergedDraft(book: KnownBook, fields: FeedFields, { staffs, own }: Standing): BookDraft {
  const taken = stated(
    fields,
    (field, group) =>
      !staffs.has(group) &&
      !(field === 'inStock' && book.isStockFollowed) &&
      (saysSomething(fields[field]) || own.has(field)),
  )
  return { ...draftOfBook(book), ...taken }
}

/**
 * What a source has said of a book once it has spoken: the groups that it says something in and may, staff's not
 * being taken from them, and every field that is its own then. Of a field it does not speak of this time, what it
 * said before holds.
 */
export function claimOf(fields: FeedFields, { staffs, own }: Standing): Pick<Claim, 'groups' | 'fields'> {
  const groups = groupNames.filter((group) => !staffs.has(group))
  const isSaid = (field: BookField) => saysSomething(fields[field])
  return {
    groups: groups.filter((group) => fieldGroups[group].some(isSaid)),
    fields: groups
      .flatMap((group): readonly BookField[] => fieldGroups[group])
      .filter((field) => (fields[field] === undefined ? own.has(field) : isSaid(field))),
  }
}

function stated(
  fields: FeedFields,
  isTaken: (field: BookField, group: FieldGroup) => boolean,
): Partial<BookDraft> {
  const entries = groupNames.flatMap((group) =>
    fieldGroups[group].flatMap((field) =>
      fields[field] !== undefined && isTaken(field, group) ? [[field, fields[field]] as const] : [],
    ),
  )
  return Object.fromEntries(entries)
}

function saysSomething(value: unknown): boolean {
  return Array.isArray(value) ? value.length > 0 : value !== undefined && value !== null
}

/** The book as it is, its contributors and publisher by their ids. */
function draftOfBook(book: KnownBook): BookDraft {
  return {
    ...book,
    contributors: book.contributors.map(({ id, role }) => ({ id, role })),
    publisher: book.publisher && { id: book.publisher.id },
  }
}
