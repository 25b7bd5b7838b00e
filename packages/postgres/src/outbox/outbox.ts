import { AsyncLocalStorage } from 'node:async_hooks'
import { setTimeout as delay } from 'node:timers/promises'
import { currentContext } from '@colophon/runtime'
import sql from 'sql-template-tag'
import { describeError } from '../errors.ts'
import type { Log } from '../log.ts'
import type { Queryable } from '../queryable.ts'
import type { Outbox, OutboxMessage, OutboxPlace } from './message.ts'
import { channelOf, tableOf } from './table.ts'
import { wakeRelays } from './wake.ts'

export interface OutboxOptions extends OutboxPlace {
  log?: Log
}

/** The outbox of a schema, for those who write to it. A relay (`createRelay`), here or elsewhere, publishes. */
export function createOutbox({ database, schema, log }: OutboxOptions): Outbox {
  const table = tableOf(schema)
  const notify = coalesced(async () => {
    try {
      await database.query(sql`select pg_notify(${channelOf(schema)}, '')`, {
        name: `${schema}.outbox-notify`,
      })
    } catch (error) {
      log?.info(
        { schema, reason: describeError(error) },
        'relays elsewhere were not woken: they look by themselves',
      )
    }
  })

  async function add(tx: Queryable, messages: readonly OutboxMessage[]): Promise<void> {
    if (messages.length === 0) return
    const context = currentContext()
    const traced = context && { traceparent: context.traceparent }
    const headers = messages.map((message) => JSON.stringify({ ...traced, ...message.headers }))
    await tx.query(
      sql`insert into ${table} (key, topic, payload, headers)
        select key, topic, payload::jsonb, headers::jsonb
        from unnest(${messages.map(({ key }) => key)}::text[], ${messages.map(({ topic }) => topic)}::text[],
          ${messages.map(({ payload }) => JSON.stringify(payload))}::text[], ${headers}::text[])
          with ordinality as message (key, topic, payload, headers, position)
        order by position`,
      { name: `${schema}.outbox-add` },
    )
  }

  return {
    add,
    nudge() {
      wakeRelays({ database, schema })
      notify()
    },
  }
}

/** Milliseconds between two notifications of one process at least. */
const quiet = 20

/**
 * Calls for others are gathered and go in a statement of their own. A NOTIFY in the transaction that writes would have
 * all commits that notify, of the whole server, go one after the other: each holds a lock until it is on disk.
 */
function coalesced(send: () => Promise<void>): () => void {
  // Outside of the request that asks for it, whose deadline is not this one's.
  const outside = AsyncLocalStorage.snapshot()
  let lastAt = Number.NEGATIVE_INFINITY
  let isWanted = false
  let isSending = false

  async function sendWhileWanted(): Promise<void> {
    isSending = true
    while (isWanted) {
      const wait = lastAt + quiet - performance.now()
      if (wait > 0) await delay(wait, undefined, { ref: false })
      // Before it is sent: a call meanwhile is for what this one may not tell of.
      isWanted = false
      lastAt = performance.now()
      await send()
    }
    isSending = false
  }

  return () => {
    isWanted = true
    if (!isSending) outside(sendWhileWanted)
  }
}
