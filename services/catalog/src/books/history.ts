import { type Queryable, sql } from '@colophon/postgres'
import type { Changes } from './changes.ts'

/** What can be done to a book. */
export const historyActions = [
  'created',
  'replaced',
  'patched',
  // Its price came with a delivery.
  'priced',
  'imported',
  'deleted',
  'restored',
] as const
export type HistoryAction = (typeof historyActions)[number]

export interface HistoryEntry {
  bookId: string
  version: number
  /** An account's id, `import:` and the source, or `command` for the command line. */
  actor: string
  action: HistoryAction
  changes: Changes
}

/** Keeps who changed what and when, in the transaction that changes it. */
export async function recordHistory(
  tx: Queryable,
  entries: readonly HistoryEntry[],
  now: Date,
): Promise<void> {
  if (entries.length === 0) return
  await tx.query(sql`
    insert into catalog.book_history (book_id, version, at, actor, action, changes)
    select "bookId", version, ${now}, actor, action, changes
    from jsonb_to_recordset(${JSON.stringify(entries)}::jsonb)
      as entry ("bookId" uuid, version integer, actor text, action text, changes jsonb)`)
}
