import { Batcher } from '../async/batcher.ts'
import { longestTimer } from '../async/timer.ts'
import { CeleryError } from '../errors.ts'
import type { RedisLink } from './link.ts'
import { ConnectionLost } from './replies.ts'

interface Entry<Item> {
  item: Item
  size: number
  deadline: number
  resolve(): void
  reject(error: unknown): void
}

export interface BatchWriterOptions<Item> {
  link: RedisLink
  /**
   * Sends the items in one command. Called again with the same items and number when the connection was lost, so it
   * must do nothing the second time with those that were done. Resolves to an error for each item that failed, by its
   * place.
   */
  send(items: readonly Item[], batch: number): Promise<ReadonlyMap<number, Error> | undefined>
  sizeOf(item: Item): number
  /** What is sent, for errors: `a message`. */
  what: string
}

const [maxItems, maxBytes] = [200, 1_000_000]
/** What may wait to be sent. */
const [maxWaiting, maxWaitingBytes] = [100_000, 256_000_000]

/**
 * Sends items in batches, one batch at a time: those that come while one is on its way make up the next. Nothing
 * waits when there is nothing to wait for, and the busier it is the fewer commands it takes. As there is one batch
 * at a time, a lost connection leaves exactly one whose fate is unknown, and it alone is sent again.
 */
export class BatchWriter<Item> {
  readonly #options: BatchWriterOptions<Item>
  readonly #batcher: Batcher<Entry<Item>>
  #waitingBytes = 0
  #sending: Entry<Item>[] = []
  #batch = 0
  #timer: NodeJS.Timeout | undefined
  #timerAt = Number.POSITIVE_INFINITY

  constructor(options: BatchWriterOptions<Item>) {
    this.#options = options
    this.#batcher = new Batcher({
      maxItems,
      maxBytes,
      sizeOf: ({ size }) => size,
      flush: (entries) => this.#flush(entries),
    })
  }

  /** Rejects after so many milliseconds; what was sent by then may have been done or not. */
  write(item: Item, timeoutMs: number): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    if (this.#batcher.size >= maxWaiting || this.#waitingBytes >= maxWaitingBytes) {
      reject(this.#late(`: ${this.#batcher.size} wait already`))
      return promise
    }
    const deadline = performance.now() + timeoutMs
    const size = this.#options.sizeOf(item)
    this.#waitingBytes += size
    this.#batcher.add({ item, size, deadline, resolve, reject })
    this.#wakeAt(deadline)
    return promise
  }

  async #flush(entries: Entry<Item>[]): Promise<void> {
    for (const { size } of entries) this.#waitingBytes -= size
    this.#sending = entries
    this.#batch += 1
    await this.#send(entries, this.#batch)
    this.#sending = []
  }

  async #send(entries: Entry<Item>[], batch: number): Promise<void> {
    const items = entries.map((entry) => entry.item)
    while (entries.length > 0) {
      try {
        const errors = await this.#options.send(items, batch)
        for (const [i, entry] of entries.entries()) {
          const error = errors?.get(i)
          if (error) entry.reject(error)
          else entry.resolve()
        }
        return
      } catch (error) {
        if (!(error instanceof ConnectionLost) || !(await this.#waitForConnection(entries))) {
          for (const entry of entries) entry.reject(error)
          return
        }
      }
    }
  }

  /** False when it is not worth to go on: nobody waits any more, or the link was closed. */
  async #waitForConnection(entries: readonly Entry<Item>[]): Promise<boolean> {
    const latest = Math.max(...entries.map((entry) => entry.deadline))
    const timeoutMs = latest - performance.now()
    if (timeoutMs <= 0) return false
    return await this.#options.link.whenUp(timeoutMs).then(
      () => true,
      (error: unknown) => {
        for (const entry of entries) entry.reject(error)
        return false
      },
    )
  }

  /** One timer for all, at the earliest deadline; it goes on when nothing waits, which costs less than to stop it. */
  #wakeAt(deadline: number): void {
    if (deadline >= this.#timerAt) return
    clearTimeout(this.#timer)
    this.#timerAt = deadline
    const wait = Math.max(1, deadline - performance.now())
    this.#timer = setTimeout(() => this.#expire(), Math.min(wait, longestTimer)).unref()
  }

  #expire(): void {
    this.#timerAt = Number.POSITIVE_INFINITY
    const now = performance.now()
    const isOver = ({ deadline }: Entry<Item>) => deadline <= now
    const all = [...this.#sending, ...this.#batcher.waiting]
    for (const entry of all.filter(isOver)) entry.reject(this.#late(` in time${this.#options.link.lately}`))
    for (const { size } of this.#batcher.waiting.filter(isOver)) this.#waitingBytes -= size
    this.#batcher.remove(isOver)
    const next = all.reduce(
      (least, entry) => (isOver(entry) ? least : Math.min(least, entry.deadline)),
      Infinity,
    )
    if (next < Infinity) this.#wakeAt(next)
  }

  #late(why: string): CeleryError {
    const { what, link } = this.#options
    return new CeleryError(link.code, `Redis did not take ${what}${why}. It may be there or not.`)
  }
}
