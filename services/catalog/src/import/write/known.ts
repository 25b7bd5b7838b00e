import { type Queryable, sql } from '@colophon/postgres'
import type { BookField, FieldGroup } from '../../books/field-groups.ts'
import { staffSource } from '../../books/provenance.ts'
import { type KnownBook, type PriceView, readBooks } from '../../books/read-books.ts'
import type { FeedBook } from '../feed-book.ts'
import type { Standing } from './merge.ts'

/** A source's record as it was read last. */
export interface KnownRecord {
  recordId: string
  bookId: string
  /** SHA-256 of its fields, hexadecimal. */
  hash: string | null
}

/** The book that has an ISBN, and the records of the source that speak of it. */
export interface Holder {
  isbn13: string
  bookId: string
  recordIds: string[]
}

/** What the catalogue has of the books that a batch speaks of. */
export interface Known {
  records: ReadonlyMap<string, KnownRecord>
  holders: Map<string, Holder>
  books: ReadonlyMap<string, KnownBook>
  /** By the book's id: how the source stands to it. */
  standings: ReadonlyMap<string, Standing>
}

/** The records of a source that were read before, by their ids. */
export async function knownRecords(
  tx: Queryable,
  source: string,
  feed: readonly FeedBook[],
): Promise<Map<string, KnownRecord>> {
  const rows = await tx.query<KnownRecord>(sql`
    select record_id as "recordId", book_id as "bookId", encode(record_hash, 'hex') as hash
    from catalog.provenance
    where source = ${source} and record_id = any(${feed.map(({ recordId }) => recordId)}::text[])`)
  return new Map(rows.map((row) => [row.recordId, row]))
}

/**
 * Finds the books that a feed speaks of, by record and by ISBN, and holds their rows until the transaction
 * ends.
 */
export async function lockKnown(
  tx: Queryable,
  source: string,
  feed: readonly FeedBook[],
  records: ReadonlyMap<string, KnownRecord>,
  view: PriceView,
): Promise<Known> {
  const recorded = feed.flatMap(({ recordId }) => records.get(recordId)?.bookId ?? [])
  const isbns = feed.flatMap(({ fields }) => fields.isbn13 ?? [])
  // In the order of ids, as everybody who locks several books does, so that none waits in a circle.
  const locked = await tx.query<{ id: string }>(sql`
    select id from catalog.books where id in (
      select unnest(${recorded}::uuid[]) union
      select book_id from catalog.identifiers where scheme = 'isbn13' and value = any(${isbns}::text[]))
    order by id for update`)
  const ids = locked.map(({ id }) => id)
  if (ids.length === 0) return { records, holders: new Map(), books: new Map(), standings: new Map() }
  return {
    records,
    holders: await findHolders(tx, source, isbns),
    books: new Map((await readBooks(tx, ids, view)).map((book) => [book.id, book])),
    standings: await findStandings(tx, source, ids),
  }
}

async function findHolders(tx: Queryable, source: string, isbns: string[]): Promise<Map<string, Holder>> {
  const rows = await tx.query<Holder>(sql`
    select value as isbn13, book_id as "bookId",
      array(select record_id from catalog.provenance own
        where own.book_id = identifier.book_id and own.source = ${source}) as "recordIds"
    from catalog.identifiers identifier where scheme = 'isbn13' and value = any(${isbns}::text[])`)
  return new Map(rows.map((row) => [row.isbn13, row]))
}

async function findStandings(
  tx: Queryable,
  source: string,
  bookIds: string[],
): Promise<Map<string, Standing>> {
  const rows = await tx.query<{ bookId: string; staffs: FieldGroup[]; own: BookField[] }>(sql`
    select book_id as "bookId",
      array(select unnest(groups) from catalog.provenance staffs
        where staffs.book_id = book.book_id and staffs.source = ${staffSource}) as staffs,
      array(select unnest(fields) from catalog.provenance own
        where own.book_id = book.book_id and own.source = ${source}) as own
    from unnest(${bookIds}::uuid[]) as book (book_id)`)
  return new Map(
    rows.map(({ bookId, staffs, own }) => [bookId, { staffs: new Set(staffs), own: new Set(own) }]),
  )
}
