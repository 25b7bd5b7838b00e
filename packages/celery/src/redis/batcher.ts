import { CeleryError } from '../errors.ts'
import type { RedisLink } from './link.ts'
import { ConnectionLost } from './replies.ts'

export interface Entry<Item> {
  item: Item
  deadline: number
  resolve(): void
  reject(error: unknown): void
}

export interface BatcherOptions<Item> {
  link: RedisLink
  /**
   * Sends the items in one command. Called again with the same items and number when the connection was lost, so it
   * must do nothing the second time. Resolves to an error for each item that failed, by its place.
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
export class Batcher<Item> {
  readonly #options: BatcherOptions<Item>
  #waiting: Entry<Item>[] = []
  #waitingBytes = 0
  #sending: Entry<Item>[] = []
  #isRunning = false
  #batch = 0
  #timer: NodeJS.Timeout | undefined
  #timerAt = Number.POSITIVE_INFINITY

  constructor(options: BatcherOptions<Item>) {
    this.#options = options
  }

  /** Rejects after so many milliseconds; what was sent by then may have been done or not. */
  add(item: Item, timeout: number): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    if (this.#waiting.length >= maxWaiting || this.#waitingBytes >= maxWaitingBytes) {
      reject(this.#late(`${this.#waiting.length} wait already`))
      return promise
    }
    const deadline = performance.now() + timeout
    this.#waitingBytes += this.#options.sizeOf(item)
    this.#waiting.push({ item, deadline, resolve, reject })
    this.#wakeAt(deadline)
    if (!this.#isRunning) {
      this.#isRunning = true
      queueMicrotask(() => void this.#run())
    }
    return promise
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      this.#sending = this.#next()
      this.#batch += 1
      await this.#send(this.#sending, this.#batch)
      this.#sending = []
    }
    this.#isRunning = false
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
    const timeout = latest - performance.now()
    if (timeout <= 0) return false
    return await this.#options.link.whenUp(timeout).then(
      () => true,
      (error: unknown) => {
        for (const entry of entries) entry.reject(error)
        return false
      },
    )
  }

  #next(): Entry<Item>[] {
    let bytes = 0
    let count = 0
    for (const { item } of this.#waiting) {
      bytes += this.#options.sizeOf(item)
      if (count > 0 && (bytes > maxBytes || count >= maxItems)) break
      count += 1
    }
    const next = count === this.#waiting.length ? this.#waiting : this.#waiting.splice(0, count)
    if (next === this.#waiting) this.#waiting = []
    for (const { item } of next) this.#waitingBytes -= this.#options.sizeOf(item)
    return next
  }

  /** One timer for all, at the earliest deadline; it goes on when nothing waits, which costs less than to stop it. */
  #wakeAt(deadline: number): void {
    if (deadline >= this.#timerAt) return
    clearTimeout(this.#timer)
    this.#timerAt = deadline
    this.#timer = setTimeout(() => this.#expire(), Math.max(1, deadline - performance.now())).unref()
  }

  #expire(): void {
    this.#timerAt = Number.POSITIVE_INFINITY
    const now = performance.now()
    const isOver = (entry: Entry<Item>) => entry.deadline <= now
    for (const entry of [...this.#sending, ...this.#waiting].filter(isOver))
      entry.reject(this.#late('in time'))
    for (const { item } of this.#waiting.filter(isOver)) this.#waitingBytes -= this.#options.sizeOf(item)
    this.#waiting = this.#waiting.filter((entry) => !isOver(entry))
    const left = [...this.#sending, ...this.#waiting].filter((entry) => !isOver(entry))
    if (left.length > 0)
      this.#wakeAt(left.reduce((least, { deadline }) => Math.min(least, deadline), Infinity))
  }

  #late(why: string): CeleryError {
    const { what, link } = this.#options
    return new CeleryError(link.code, `Redis did not take ${what}: ${why}. It may be there or not.`)
  }
}
