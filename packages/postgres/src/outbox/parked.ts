import sql from 'sql-template-tag'
import type { OutboxPlace, OutboxRow } from './message.ts'
import { promote } from './record.ts'
import { tableOf } from './table.ts'
import { wakeRelays } from './wake.ts'

/** A row that was given up. Later rows of its key wait until it is replayed or dropped. */
export interface ParkedMessage extends OutboxRow {
  parkedAt: string
  /** What publishing it failed with, cut short. */
  error: string
}

/** Parked messages from the oldest on. @param page.after the sequence of the last one of the page before */
export function parkedMessages(
  { database, schema }: OutboxPlace,
  { after = 0, limit = 50 }: { after?: number; limit?: number } = {},
): Promise<ParkedMessage[]> {
  return database.query<ParkedMessage>(sql`
    select id as sequence, key, topic, payload, headers, created_at as "createdAt", attempts,
      parked_at as "parkedAt", error
    from ${tableOf(schema)} where state = 'parked' and id > ${after} order by id limit ${limit}`)
}

/** Has a parked message published as if it had never failed. @returns false when no such message is parked */
export async function replayParked(place: OutboxPlace, sequence: number): Promise<boolean> {
  return (await replay(place, [sequence])) > 0
}

/** Messages replayed in one transaction. */
const replayedAtOnce = 1_000

/** Has all messages published that are parked now. @returns how many */
export async function replayAllParked(place: OutboxPlace): Promise<number> {
  const { database, schema } = place
  let replayed = 0
  for (let after = 0; ; ) {
    // On from the last, so that one which is parked again meanwhile is not met for ever.
    const parked = await database.query<{ id: number }>(sql`
      select id from ${tableOf(schema)} where state = 'parked' and id > ${after} order by id limit ${replayedAtOnce}`)
    const last = parked.at(-1)
    if (last === undefined) return replayed
    const sequences = parked.map(({ id }) => id)
    replayed += await replay(place, sequences)
    after = last.id
  }
}

async function replay(place: OutboxPlace, sequences: readonly number[]): Promise<number> {
  const replayed = await place.database.query(sql`
    update ${tableOf(place.schema)}
    set state = 'retry', retry_at = clock_timestamp(), parked_at = null, attempts = 0, error = null
    where id = any(${sequences}::bigint[]) and state = 'parked' returning id`)
  wakeRelays(place)
  return replayed.length
}

/**
 * Gives a parked message up for good: later ones of its key go on without it.
 * @returns false when no such message is parked
 */
export async function dropParked(place: OutboxPlace, sequence: number): Promise<boolean> {
  const table = tableOf(place.schema)
  const isDropped = await place.database.transaction(async (tx) => {
    const dropped = await tx.maybeOne<{ key: string }>(sql`
      delete from ${table} where id = ${sequence} and state = 'parked' returning key`)
    if (dropped !== undefined) await tx.query(promote(table, [{ key: dropped.key, sequence }]))
    return dropped !== undefined
  })
  wakeRelays(place)
  return isDropped
}
