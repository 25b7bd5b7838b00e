import { backoff } from '../../async/backoff.ts'
import { pause } from '../../async/pause.ts'
import type { Log } from '../../log.ts'
import { arrayOf, textArrayOf } from '../../postgres/array.ts'
import type { Statement } from '../../postgres/batch-writer.ts'
import { Batcher } from '../../postgres/batcher.ts'
import type { Database } from '../../postgres/database.ts'
import { describeError, isPassing } from '../../postgres/errors.ts'
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
  /** `isTold` is false when it was never told, and the message comes again. */
  done?: (isTold: boolean) => void
}

interface Parking extends Settlement {
  until: string
  headers: string | null
}

/** Milliseconds that acknowledgements wait for more, where nobody waits for them. */
const gatherTime = 5
/** Milliseconds that one attempt may take. */
const attemptTimeout = 10_000

/**
 * Tells the server what became of messages, many at a time; tries again over lost connections for as long as the
 * lease under which they are held lasts.
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
    this.#firstAcks = batcher('ack')
    this.#requeues = batcher('requeue')
    this.#parkings = batcher<Parking>('park', 0, (items) => [
      arrayOf(items.map(({ until }) => until)),
      `{${items.map(({ headers }) => (headers === null ? 'NULL' : textArrayOf([headers]).slice(1, -1))).join(',')}}`,
    ])
  }

  ack(holder: Holder, lease: Lease, id: number): void {
    this.#acks.add({ holder, lease, id })
  }

  /** Resolves when the server has it, or perhaps has it; to false when it was never told. */
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

  park(holder: Holder, lease: Lease, id: number, until: Date, headers: string | null): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#parkings.add({ holder, lease, id, done: () => resolve(), until: until.toISOString(), headers })
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
    for (const [lease, ofLease] of byLease) {
      const isTold = await this.#tell(lease, statement(lease, ofLease))
      for (const { holder, id, done } of ofLease) {
        holder.letGo(lease, id)
        done?.(isTold)
      }
    }
  }

  /** False when no attempt can have reached the server. */
  async #tell(lease: Lease, { text, values, name }: NamedStatement): Promise<boolean> {
    let isSent = false
    for (let attempt = 0; !lease.isLost; attempt++) {
      try {
        await this.#database.query(text, values, attemptTimeout, name)
        return true
      } catch (error) {
        const reason = describeError(error)
        if (!isPassing(error)) {
          this.#log.error({ reason }, 'messages could not be settled')
          return isSent
        }
        isSent = true
        this.#log.debug({ reason }, 'messages are settled again')
        if (this.#isClosed && attempt > 2) return isSent
        await pause(backoff(attempt))
      }
    }
    return isSent
  }
}
