import { timestamp } from '@colophon/http'
import { type Queryable, sql } from '@colophon/postgres'
import Type, { type Static } from 'typebox'
import { pageOfHistory } from '../page-of-history.ts'
import { catalogProblem } from '../problems.ts'
import { FieldChange, literals } from '../schemas.ts'
import { readReference } from './find-book.ts'
import { historyActions } from './history.ts'

/** What somebody did to a book. */
export const BookChange = Type.Object(
  {
    version: Type.Integer({ minimum: 1, description: 'The version it made' }),
    at: timestamp(),
    actor: Type.String({
      description: "An account's id, import: and the source, or command for the command line",
      examples: ['import:onix'],
    }),
    action: literals(historyActions, { description: 'What was done' }),
    changes: Type.Array(FieldChange, { description: 'Empty where a book was made or deleted' }),
  },
  { title: 'BookChange', additionalProperties: false },
)
export type BookChange = Static<typeof BookChange>

/**
 * One page of what was done to a book, the newest first; a deleted book's too.
 * @param reference the book's id, or its ISBN in any written form
 * @throws Problem book_reference_invalid, book_not_found, invalid_cursor
 */
export async function bookHistory(
  db: Queryable,
  reference: string,
  query: { cursor?: string; limit: number },
): Promise<{ items: BookChange[]; nextCursor: string | null }> {
  const id = await bookId(db, reference)
  type Row = Omit<BookChange, 'changes'> & { changes: Record<string, [unknown, unknown]> }
  const ofBook = sql`
    select version, at, actor, action, changes from catalog.book_history where book_id = ${id}`
  const { changes, nextCursor } = await pageOfHistory<Row>(db, ofBook, id, query)
  const items = changes.map((row) => ({
    ...row,
    changes: Object.entries(row.changes).map(([field, [before, after]]) => ({ field, before, after })),
  }))
  return { items, nextCursor }
}

async function bookId(db: Queryable, reference: string): Promise<string> {
  const named = readReference(reference)
  const book = await db.maybeOne<{ id: string }>(
    'id' in named
      ? sql`select id from catalog.books where id = ${named.id}`
      : sql`select book_id as id from catalog.identifiers where scheme = 'isbn13' and value = ${named.isbn13}`,
  )
  if (book) return book.id
  throw catalogProblem('book_not_found', `no book has the id or ISBN ${reference}`)
}
