import { timerOf } from '../../async/timer.ts'
import { Fifo } from './fifo.ts'
import { parseRate, TokenBucket } from './rate-limit.ts'

interface Limited<T> {
  limit: string
  bucket: TokenBucket
  waiting: Fifo<T>
  timer: NodeJS.Timeout | undefined
}

/** Holds back what starts too often, per task; what is held counts against the prefetch window. */
export class RateLimiter<T> {
  readonly #tasks = new Map<string, Limited<T>>()
  readonly #onReady: (item: T) => void
  readonly #now: () => number

  constructor(onReady: (item: T) => void, now: () => number = () => performance.now() / 1_000) {
    this.#onReady = onReady
    this.#now = now
  }

  limit(task: string): string | undefined {
    return this.#tasks.get(task)?.limit
  }

  /** Undefined is no limit. What waits goes on under the new one. Throws `BAD_OPTION` when it cannot be read. */
  set(task: string, limit: string | undefined): void {
    const perSecond = parseRate(limit)
    const before = this.#tasks.get(task)
    if (before?.timer) clearTimeout(before.timer)
    if (perSecond === undefined || limit === undefined) {
      this.#tasks.delete(task)
      for (const item of before?.waiting.take() ?? []) this.#onReady(item)
      return
    }
    const bucket = new TokenBucket(perSecond, this.#now())
    const limited = { limit, bucket, waiting: before?.waiting ?? new Fifo<T>(), timer: undefined }
    this.#tasks.set(task, limited)
    this.#drain(limited)
  }

  enter(task: string, item: T): void {
    const limited = this.#tasks.get(task)
    if (!limited) {
      this.#onReady(item)
      return
    }
    limited.waiting.push(item)
    if (!limited.timer) this.#drain(limited)
  }

  remove(task: string, item: T): boolean {
    return this.#tasks.get(task)?.waiting.remove(item) ?? false
  }

  /** Takes out all that wait and stops the timers. */
  takeWaiting(): T[] {
    const all: T[] = []
    for (const limited of this.#tasks.values()) {
      clearTimeout(limited.timer)
      limited.timer = undefined
      all.push(...limited.waiting.take())
    }
    return all
  }

  #drain(limited: Limited<T>): void {
    limited.timer = undefined
    while (limited.waiting.size > 0 && limited.bucket.tryTake(this.#now())) {
      const item = limited.waiting.shift()
      if (item !== undefined) this.#onReady(item)
    }
    if (limited.waiting.size === 0) return
    // After the longest that a timer can wait it looks again.
    const wait = timerOf(limited.bucket.wait(this.#now()))
    limited.timer = setTimeout(() => this.#drain(limited), Math.ceil(wait))
  }
}
