import { backoff } from '../../async/backoff.ts'
import { Batcher } from '../../async/batcher.ts'
import { pause } from '../../async/pause.ts'
import { CeleryError } from '../../errors.ts'
import type { Log } from '../../log.ts'
import { arrayOf, textArrayOf } from '../../postgres/array.ts'
import type { Statement } from '../../postgres/batch-writer.ts'
import type { Database } from '../../postgres/database.ts'
import { isPassing, isUndone, logFailure, refusal } from '../../postgres/errors.ts'
import type { Lease } from './lease.ts'

/** Who made the delivery. */
export interface Holder {
  /** The server knows what became of it, or will not be told any more. */
  letGo(lease: Lease, id: number): void
}

interface NamedStatement extends Statement {
  name: string
}

interface Settlement {
  holder: Holder
  lease: Lease
  id: number
  /** With false when that was in vain, and the message comes again; only `ack_first` says so of what was told. */
  done?: (isSettled: boolean) => void
  /** The server refuses it, and it is held as before. Where nobody hears of that, it is told again and again. */
  refuse?: (error: unknown) => void
}

interface Parking extends Settlement {
  /** On the clock of `performance.now()`. */
  dueAt: number
  headers: string | null
}

/** What a statement says of messages besides their ids. */
interface Rest<Item> {
  /** Parameters of the function, from the third on. */
  sql: string
  values(items: Item[]): string[]
}

/**
 * The server is told how long, and not until when: its clock is what messages are let go by, and that of a worker need not
 * agree with it.
 */
const untilAndHeaders: Rest<Parking> = {
  sql: `, ARRAY(SELECT clock_timestamp() + make_interval(secs => due.secs)
    FROM unnest($3::double precision[]) WITH ORDINALITY AS due (secs, place) ORDER BY due.place), $4`,
  values: (items) => [
    arrayOf(items.map(({ dueAt }) => (dueAt - performance.now()) / 1_000)),
    `{${items.map(({ headers }) => (headers === null ? 'NULL' : textArrayOf([headers]).slice(1, -1))).join(',')}}`,
  ],
}

const none: ReadonlySet<number> = new Set()

/** Milliseconds that acknowledgements wait for more, where nobody waits for them. */
const gatherTime = 5
/** Milliseconds that one attempt may take. */
const attemptMs = 10_000

/**
 * Tells the server what became of messages, many at a time; tries again over lost connections, and when it is refused,
 * for as long as the lease under which they are held lasts: what is done must not be done again.
 */
export class Settler {
  readonly #database: Database
  readonly #log: Log
  readonly #acks: Batcher<Settlement>
  readonly #firstAcks: Batcher<Settlement>
  readonly #requeues: Batcher<Settlement>
  readonly #parkings: Batcher<Parking>
  #isClosed = false

  constructor(database: Database, schema: string, log: Log) {
    this.#database = database
    this.#log = log
    const idsOf = (items: Settlement[]) => arrayOf(items.map(({ id }) => id))
    const batcher = <Item extends Settlement>(name: string, gatherTime = 0, rest?: Rest<Item>) => {
      const text = `SELECT ${schema}.${name}($1, $2${rest?.sql ?? ''})`
      return new Batcher<Item>({
        maxItems: 1_000,
        gatherTime,
        flush: (items) =>
          this.#flush(items, (lease, ofLease) => {
            const values = [lease.id, idsOf(ofLease), ...(rest?.values(ofLease) ?? [])]
            return { text, values, name: `${schema}_${name}` }
          }),
      })
    }
    this.#acks = batcher('ack', gatherTime)
    this.#firstAcks = batcher('ack_first')
    this.#requeues = batcher('requeue')
    this.#parkings = batcher('park', 0, untilAndHeaders)
  }

  ack(holder: Holder, lease: Lease, id: number): void {
    this.#acks.add({ holder, lease, id })
  }

  /** Resolves when the server has it, or perhaps has it; to false when it never took it, or was told too late. */
  ackFirst(holder: Holder, lease: Lease, id: number): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>()
    this.#firstAcks.add({ holder, lease, id, done: resolve })
    return promise
  }

  requeue(holder: Holder, lease: Lease, id: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#requeues.add({ holder, lease, id, done: () => resolve() })
    return promise
  }

  /** Rejects with `BAD_VALUE` or `UNSUPPORTED` when the server refuses it. */
  park(holder: Holder, lease: Lease, id: number, until: Date, headers: string | null): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const dueAt = performance.now() + until.getTime() - Date.now()
    this.#parkings.add({ holder, lease, id, dueAt, headers, done: () => resolve(), refuse: reject })
    return promise
  }

  /** Resolves when the server has been told all so far; from now on nothing is tried twice. */
  async close(): Promise<void> {
    this.#isClosed = true
    const all = [this.#acks, this.#firstAcks, this.#requeues, this.#parkings]
    await Promise.all(all.map((batcher) => batcher.drained()))
  }

  async #flush<Item extends Settlement>(
    items: Item[],
    statement: (lease: Lease, items: Item[]) => NamedStatement,
  ) {
    // There is but one lease, unless one was lost just now.
    const byLease = Map.groupBy(items, ({ lease }) => lease)
    for (const [lease, ofLease] of byLease) await this.#settle(lease, ofLease, statement)
  }

  async #settle<Item extends Settlement>(
    lease: Lease,
    items: Item[],
    statement: (lease: Lease, items: Item[]) => NamedStatement,
  ): Promise<void> {
    try {
      const mayRefuse = items.every(({ refuse }) => refuse)
      const inVain = await this.#tell(lease, () => statement(lease, items), mayRefuse)
      for (const { holder, id, done } of items) {
        holder.letGo(lease, id)
        done?.(inVain !== undefined && !inVain.has(id))
      }
    } catch (error) {
      const isOfOne = items.length > 1 && error instanceof CeleryError && error.code === 'BAD_VALUE'
      if (isOfOne) for (const item of items) await this.#settle(lease, [item], statement)
      else for (const { refuse } of items) refuse?.(error)
    }
  }

  /**
   * Resolves to the ids of which it was in vain; to undefined when no attempt can have been carried out. Throws what is
   * refused, when it may.
   */
  async #tell(
    lease: Lease,
    statement: () => NamedStatement,
    mayRefuse: boolean,
  ): Promise<ReadonlySet<number> | undefined> {
    let mayBeDone = false
    for (let attempt = 0; !lease.isLost; attempt++) {
      const { text, values, name } = statement()
      try {
        const rows = await this.#database.query(text, values, attemptMs, name)
        // What an earlier attempt may have done is not there any more. A function that returns nothing answers with
        // empty text, and ids begin with 1.
        return mayBeDone ? none : new Set(rows.map(([id]) => Number(id)))
      } catch (error) {
        if (mayRefuse && !isPassing(error)) throw refusal(error)
        mayBeDone ||= !isUndone(error)
        logFailure(this.#log, error, { statement: name }, 'messages could not be settled; it is tried again')
        if (this.#isClosed && attempt > 2) break
        await pause(backoff(attempt))
      }
    }
    return mayBeDone ? none : undefined
  }
}
