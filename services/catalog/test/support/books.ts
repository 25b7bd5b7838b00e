import { sql } from '@colophon/postgres'
import { expect } from 'vitest'
import { draftOf } from '../../src/books/draft.ts'
import { resolveNames } from '../../src/books/resolve-names.ts'
import { type BookWrite, storeBooks } from '../../src/books/store-books.ts'
import type { Book, BookInput } from '../../src/schemas.ts'
import type { Answer, CatalogHarness } from '../harness.ts'

/** What a request may hold: also what the schema refuses. */
export type Body = { [field in keyof BookInput]?: unknown } & Record<string, unknown>

/** The ISBN-13 of a number, with its check digit: 978 and nine digits. */
export function isbnFrom(number: number): string {
  const digits = `978${String(number).padStart(9, '0')}`
  const sum = [...digits].reduce(
    (total, digit, index) => total + Number(digit) * (index % 2 === 0 ? 1 : 3),
    0,
  )
  return `${digits}${(10 - (sum % 10)) % 10}`
}

/** Adds a book as staff. */
export async function addBook(shop: CatalogHarness, body: Body): Promise<Book> {
  const answer = await shop.send('POST', '/api/books', { as: 'staff', body })
  expect(answer).toMatchObject({ status: 201 })
  return answer.body
}

/** Stores books many at a time, as an import does, and gives their ids. */
export async function storeMany(
  { catalog }: CatalogHarness,
  inputs: readonly BookInput[],
): Promise<string[]> {
  const { database, newId, now, currency } = catalog.deps
  return database.transaction(async (tx) => {
    const drafts = inputs
      .map((input) => draftOf(input))
      .flatMap((result) => ('draft' in result ? [result.draft] : []))
    const resolved = await resolveNames(tx, drafts, newId)
    const writes = resolved.flatMap((result): BookWrite[] =>
      'resolved' in result ? [{ id: newId(), version: 1, draft: result.resolved, changed: 'all' }] : [],
    )
    expect(writes).toHaveLength(inputs.length)
    await storeBooks(tx, writes, { now: now(), currency })
    return writes.map(({ id }) => id)
  })
}

/** Sends a change as staff who have seen this version. */
export function change(
  shop: CatalogHarness,
  method: 'PUT' | 'PATCH',
  { id, version }: Pick<Book, 'id' | 'version'>,
  body: Body,
): Promise<Answer> {
  const headers = { 'if-match': `"${version}"` }
  return shop.send(method, `/api/books/${id}`, { as: 'staff', body, headers })
}

/** Patches a book as staff, and gives it as it is then. */
export async function patchBook(shop: CatalogHarness, book: Book, body: Body): Promise<Book> {
  const answer = await change(shop, 'PATCH', book, body)
  expect(answer).toMatchObject({ status: 200 })
  return answer.body
}

/** Deletes a book as staff. */
export async function removeBook(shop: CatalogHarness, { id, version }: Book): Promise<void> {
  const headers = { 'if-match': `"${version}"` }
  const answer = await shop.send('DELETE', `/api/books/${id}`, { as: 'staff', headers })
  expect(answer).toMatchObject({ status: 204 })
}

/** The book as anybody reads it now. */
export async function readBook(shop: CatalogHarness, reference: string): Promise<Book> {
  const answer = await shop.send('GET', `/api/books/${reference}`)
  expect(answer).toMatchObject({ status: 200 })
  return answer.body
}

/** Who did what to a book, in order. */
export function historyOf(shop: CatalogHarness, bookId: string) {
  return shop.test.database.query<{ version: number; actor: string; action: string; changes: object }>(sql`
    select version, actor, action, changes from catalog.book_history where book_id = ${bookId} order by version`)
}

/** The groups of fields that each source speaks for. */
export async function sourcesOf(shop: CatalogHarness, bookId: string): Promise<Record<string, string[]>> {
  const rows = await shop.test.database.query<{ source: string; groups: string[] }>(
    sql`select source, groups from catalog.provenance where book_id = ${bookId}`,
  )
  return Object.fromEntries(rows.map(({ source, groups }) => [source, groups.toSorted()]))
}
