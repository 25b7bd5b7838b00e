import type { Database } from '../database.ts'
import type { Queryable } from '../queryable.ts'

/** Something to be told to others once the transaction that makes it so is committed. */
export interface OutboxMessage {
  /** What it is about: messages of one key are published one behind the other. */
  key: string
  /** What kind of message it is. */
  topic: string
  /** What JSON can hold, as PostgreSQL's jsonb keeps it (members in no order, no U+0000). */
  payload: unknown
  headers?: Readonly<Record<string, string>>
}

/** A message as it is published. */
export interface OutboxRow extends OutboxMessage {
  /** Grows along a key in the order of commits, with gaps; the same whenever the row is published again. */
  sequence: number
  createdAt: string
  /** How often it was tried in vain. */
  attempts: number
  headers: Readonly<Record<string, string>>
}

/** Whose outbox: the table `outbox` of a schema (see `outboxTable`). */
export interface OutboxPlace {
  database: Database
  schema: string
}

/** What a service writes its messages with. */
export interface Outbox {
  /**
   * Writes messages in the caller's transaction, in this order; the `traceparent` of the running work goes with them.
   *
   * Whoever adds a message holds the row that its key is about until the commit. The sequence is taken when the row is
   * written, so it grows along a key in the order of commits only because writers of one key come one after the other;
   * without that, a message could be published after a later one.
   */
  add(tx: Queryable, messages: readonly OutboxMessage[]): Promise<void>
  /**
   * Wakes the relays, after the commit: those of this process at once, others by a NOTIFY a moment later. To lose it
   * costs no more than the relay's next look at the table.
   */
  nudge(): void
}
