import { AsyncLocalStorage } from 'node:async_hooks'
import type { ServerEvent } from '@colophon/http'
import { type Queryable, sql } from '@colophon/postgres'
import type { OrdersDeps } from '../deps.ts'
import type { HistoryEntry } from '../schemas.ts'

/** Where somebody is in an order's history. */
interface Position {
  orderId: string
  /** The last entry that they have; 0 for none. */
  after: number
}

/** Finds new entries of the orders that somebody watches. */
export interface OrderFeed {
  /** The entries behind a position, as soon as there are any; none once the signal aborts. */
  next(position: Position, signal: AbortSignal): Promise<HistoryEntry[]>
}

/** Somebody who waits for entries behind their position. */
interface Watcher extends Position {
  tell(entries: HistoryEntry[]): void
}

type Deps = Pick<OrdersDeps, 'database' | 'logger'>

const pollMs = 500
/** Entries of one order that are read at once. */
const batch = 100

/**
 * One for a process: while anybody watches, it asks the database twice a second, in one query for all. Whoever watches
 * has a position and no queue, so that nothing is missed, repeated or kept for those who read slowly.
 */
export function createOrderFeed({ database, logger }: Deps): OrderFeed {
  const watchers = new Set<Watcher>()
  // Of no request: this work is everybody's.
  const outside = AsyncLocalStorage.snapshot()
  let isDue = false
  let isFailing = false

  function pollSoon(): void {
    if (isDue) return
    isDue = true
    setTimeout(() => outside(poll), pollMs).unref()
  }

  async function poll(): Promise<void> {
    const asked = [...watchers]
    try {
      const found = asked.length > 0 ? await readEntries(database, asked) : []
      for (const [index, watcher] of asked.entries()) watcher.tell(found[index] ?? [])
      isFailing = false
    } catch (error) {
      if (!isFailing) logger.warn({ err: error }, 'events of orders cannot be read; it is tried again')
      isFailing = true
    }
    isDue = false
    if (watchers.size > 0) pollSoon()
  }

  return {
    async next(position, signal) {
      if (signal.aborted) return []
      pollSoon()
      return watch(watchers, position, signal)
    },
  }
}

/** Is among the watchers until there are entries, which it gives, or the signal aborts. */
function watch(watchers: Set<Watcher>, position: Position, signal: AbortSignal): Promise<HistoryEntry[]> {
  const { promise, resolve } = Promise.withResolvers<HistoryEntry[]>()
  const leave = (entries: HistoryEntry[]) => {
    watchers.delete(watcher)
    signal.removeEventListener('abort', gone)
    resolve(entries)
  }
  const gone = () => leave([])
  const watcher: Watcher = { ...position, tell: (entries) => void (entries.length > 0 && leave(entries)) }
  signal.addEventListener('abort', gone)
  watchers.add(watcher)
  return promise
}

/** An order's history from a position on, and then what is added to it, until the signal aborts. */
export async function* orderEvents(
  { database, feed }: { database: Queryable; feed: OrderFeed },
  { orderId, after }: Position,
  signal: AbortSignal,
): AsyncGenerator<ServerEvent> {
  let [entries = []] = await readEntries(database, [{ orderId, after }])
  let last = after
  while (!signal.aborted) {
    for (const entry of entries) {
      yield { id: String(entry.seq), event: entry.status, data: JSON.stringify(entry) }
      last = entry.seq
    }
    entries = await feed.next({ orderId, after: last }, signal)
  }
}

/** The entries behind each position, in order. */
async function readEntries(database: Queryable, positions: readonly Position[]): Promise<HistoryEntry[][]> {
  const rows = await database.query<HistoryEntry & { index: number }>(
    sql`select position.index, entry.* from unnest(${positions.map(({ orderId }) => orderId)}::uuid[],
        ${positions.map(({ after }) => after)}::int[]) with ordinality as position (order_id, after, index)
      cross join lateral (select seq, status, at, reason from orders.order_history
        where order_id = position.order_id and seq > position.after order by seq limit ${batch}) entry
      order by position.index, entry.seq`,
    { name: 'orders.new-entries' },
  )
  const found: HistoryEntry[][] = positions.map(() => [])
  for (const { index, ...entry } of rows) found[index - 1]?.push(entry)
  return found
}
