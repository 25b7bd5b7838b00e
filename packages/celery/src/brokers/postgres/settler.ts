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
  until: string
  headers: string | null
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
    const batcher = <Item extends Settlement>(
      name: string,
      gatherTime = 0,
      more: (items: Item[]) => string[] = () => [],
    ) =>
      new Batcher<Item>({
        maxItems: 1_000,
        gatherTime,
        flush: (items) =>
          this.#flush(items, (lease, ofLease) => {
            const values = [lease.id, idsOf(ofLease), ...more(ofLease)]
            const parameters = values.map((_, index) => `$${index + 1}`).join(', ')
            return { text: `SELECT ${schema}.${name}(${parameters})`, values, name: `${schema}_${name}` }
          }),
      })
    this.#acks = batcher('ack', gatherTime)
    this.#firstAcks = batcher('ack_first')
    this.#requeues = batcher('requeue')
    this.#parkings = batcher<Parking>('park', 0, (items) => [
      arrayOf(items.map(({ until }) => until)),
      `{${items.map(({ headers }) => (headers === null ? 'NULL' : textArrayOf([headers]).slice(1, -1))).join(',')}}`,
    ])
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
    const parking = { until: until.toISOString(), headers, done: () => resolve(), refuse: reject }
    this.#parkings.add({ holder, lease, id, ...parking })
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
      const inVain = await this.#tell(lease, statement(lease, items), mayRefuse)
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
    { text, values, name }: NamedStatement,
    mayRefuse: boolean,
  ): Promise<ReadonlySet<number> | undefined> {
    let mayBeDone = false
    for (let attempt = 0; !lease.isLost; attempt++) {
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
