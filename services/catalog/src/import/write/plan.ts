import type { BookDraft } from '../../books/draft.ts'
import type { Claim } from '../../books/provenance.ts'
import type { KnownBook } from '../../books/read-books.ts'
import type { FeedBook } from '../feed-book.ts'
import type { Holder, Known } from './known.ts'
import { claimOf, mergedDraft, newDraft, type Standing } from './merge.ts'

/** Why a book was not stored. */
export interface Refusal {
  code: string
  message: string
}

/** What is to be done for one book of a feed. */
export type Step =
  | ({ kind: 'insert' } & Spoken)
  | ({ kind: 'merge'; book: KnownBook } & Spoken)
  | { kind: 'leave' }
  | { kind: 'refuse'; refusal: Refusal }

/** What a source has said of a book, and what is the source's thereby. */
interface Spoken {
  feed: FeedBook
  draft: BookDraft
  claim: Pick<Claim, 'groups' | 'fields'>
}

const stranger: Standing = { staffs: new Set(), own: new Set() }

/**
 * Decides for each book of a feed, in its order, whether it is new or which book it is: the one that the
 * source's record was before, else the one that has its ISBN. Of two records of one book the first one counts.
 */
export function planBooks(feed: readonly FeedBook[], known: Known): Step[] {
  const holders = new Map(known.holders)
  const lineOf = new Map<string, number>()
  return feed.map((one) => {
    const { isbn13 } = one.fields
    const holder = isbn13 ? holders.get(isbn13) : undefined
    const before = known.records.get(one.recordId)?.bookId
    if (!before && holder && isOthersRecord(holder, one)) return taken(holder)
    const book = known.books.get(before ?? holder?.bookId ?? '')
    if (!book) {
      const claim = claimOf(one.fields, stranger)
      return { kind: 'insert', feed: one, draft: newDraft(one.fields), claim }
    }
    if (book.deletedAt !== null) return { kind: 'leave' }
    const line = lineOf.get(book.id)
    if (line !== undefined) return repeated(book.id, line)
    const standing = known.standings.get(book.id) ?? stranger
    const draft = mergedDraft(book, one.fields, standing)
    if (draft.isbn13 !== book.isbn13) {
      if (holder && holder.bookId !== book.id) return taken(holder)
      // The one it had is free for a later row.
      if (book.isbn13) holders.delete(book.isbn13)
    }
    lineOf.set(book.id, one.line)
    return { kind: 'merge', feed: one, draft, claim: claimOf(one.fields, standing), book }
  })
}

/**
 * Whether the source calls the ISBN's book by another id. A record without an id of its own is known by its
 * ISBN, and is the same whether it has got one or lost it since.
 */
function isOthersRecord({ recordIds, isbn13 }: Holder, { recordId }: FeedBook): boolean {
  return recordId !== isbn13 && recordIds.some((id) => id !== isbn13 && id !== recordId)
}

function taken({ isbn13, bookId, recordIds }: Holder): Step {
  const [recordId] = recordIds
  const whose = recordId === undefined ? `the book ${bookId}` : `the record ${recordId} (book ${bookId})`
  return { kind: 'refuse', refusal: { code: 'isbn_taken', message: `${whose} has the ISBN ${isbn13}` } }
}

/** A source may have called one book by its ISBN first and by an id later: it speaks of it once in a batch. */
function repeated(bookId: string, line: number): Step {
  const message = `line ${line} has the same book (${bookId}) in another record: leave one of them out`
  return { kind: 'refuse', refusal: { code: 'duplicate_record', message } }
}
