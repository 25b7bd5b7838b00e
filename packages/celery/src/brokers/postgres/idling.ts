import { Signal } from '../../async/signal.ts'
import type { Database } from '../../postgres/database.ts'
import type { Lease } from './lease.ts'

/**
 * Milliseconds until the queue is looked at again if nothing wakes us. Sooner at first: who published while we asked to be
 * woken did not know of it.
 */
const idlePauses = [20, 100, 300]
const idlePause = 1_000
/** Milliseconds of work without a pause after which publishers need not wake us any more. */
const busyTime = 1_000

/** When a consumer rests, and who wakes it: publishers do, for as long as its lease stands among those that wait. */
export class Idling {
  readonly #database: Database
  readonly #schema: string
  readonly #queue: string
  /** There may be something in the queue. */
  readonly #woken = new Signal()
  #emptyLooks = 0
  #busySince = 0
  /** The lease under which publishers were asked to wake us. */
  #waitsUnder: Lease | undefined

  constructor(database: Database, schema: string, queue: string) {
    this.#database = database
    this.#schema = schema
    this.#queue = queue
  }

  wake(): void {
    this.#woken.set()
  }

  /** The server may have forgotten us. */
  wakeAnew(): void {
    this.#waitsUnder = undefined
    this.#woken.set()
  }

  /** For so many seconds, or until it is woken. */
  async wait(seconds: number): Promise<void> {
    await this.#woken.wait(seconds)
  }

  /** The queue is empty: until something comes, or for so many milliseconds at most. */
  async rest(lease: Lease, atMost: number): Promise<void> {
    this.#busySince = 0
    if (this.#waitsUnder !== lease) {
      const text = `INSERT INTO ${this.#schema}.waiting (queue, holder) VALUES ($1, $2) ON CONFLICT DO NOTHING`
      await this.#database.query(text, [this.#queue, lease.id])
      this.#waitsUnder = lease
      this.#emptyLooks = 0
      return
    }
    const idle = idlePauses[this.#emptyLooks++] ?? idlePause
    await this.wait(Math.min(idle, atMost) / 1_000)
  }

  /** There is more in the queue. */
  async goOn(lease: Lease): Promise<void> {
    const now = performance.now()
    this.#busySince ||= now
    if (this.#waitsUnder !== lease || now - this.#busySince < busyTime) return
    const text = `DELETE FROM ${this.#schema}.waiting WHERE queue = $1 AND holder = $2`
    await this.#database.query(text, [this.#queue, lease.id])
    this.#waitsUnder = undefined
  }
}
