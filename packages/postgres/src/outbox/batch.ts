import sql from 'sql-template-tag'
import { lockKeys } from '../lock-keys.ts'
import type { Queryable } from '../queryable.ts'
import type { OutboxPlace } from './message.ts'
import { type Published, type PublishOptions, publishRows } from './publish.ts'
import { recordBatch } from './record.ts'
import { tableOf } from './table.ts'
import { type BatchSize, takeRows } from './take.ts'

export interface BatchOptions extends Omit<PublishOptions, 'signal'> {
  size: BatchSize
  /** Milliseconds after which no further row is begun. */
  batchMs: number
}

/** How a batch ended. */
export type Batch =
  /** Another relay is at work. */
  | { outcome: 'busy' }
  /** Nothing is due. */
  | { outcome: 'nothing' }
  /** There may be more. */
  | ({ outcome: 'some' } & Published)

/**
 * Publishes what can be published now, and writes down what became of it: one transaction, whose lock lets one relay of
 * an outbox work at a time. Who loses the connection loses the lock, and can write nothing of what it did. The
 * transaction has read only, and so holds up no vacuum, until everything is published.
 * @param stopping when nothing more is to be begun
 */
export function runBatch(
  { database, schema }: OutboxPlace,
  options: BatchOptions,
  stopping: AbortSignal,
): Promise<Batch> {
  const table = tableOf(schema)
  return database.transaction(async (tx): Promise<Batch> => {
    if (!(await begin(tx, schema))) return { outcome: 'busy' }
    const taken = await takeRows(tx, table, options.size)
    if (taken.rows.length + taken.blocked.length === 0) return { outcome: 'nothing' }
    const signal = AbortSignal.any([stopping, AbortSignal.timeout(options.batchMs)])
    const published = await publishRows(taken.rows, { ...options, signal })
    const changed = await recordBatch(tx, table, taken, published)
    return changed === 0 && !published.away ? { outcome: 'nothing' } : { outcome: 'some', ...published }
  })
}

/**
 * Takes the lock, in a statement of its own: what is read after it is what the relay before has left.
 *
 * A batch that is lost in a crash is published again, which any crash may bring about, so nobody waits for the disk. And
 * the front of an index is to be read, and no bitmap made of all that is in it, however few the planner takes that for.
 */
async function begin(tx: Queryable, schema: string): Promise<boolean> {
  const [kind, name] = lockKeys('outbox', schema)
  const { ours } = await tx.one<{ ours: boolean }>(
    sql`select pg_try_advisory_xact_lock(${kind}, ${name}) as ours,
      set_config('synchronous_commit', 'off', true), set_config('enable_bitmapscan', 'off', true)`,
    { name: `${schema}.outbox-begin` },
  )
  return ours
}
