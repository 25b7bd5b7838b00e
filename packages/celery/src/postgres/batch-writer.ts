import { backoff } from '../async/backoff.ts'
import { Batcher } from '../async/batcher.ts'
import { pause } from '../async/pause.ts'
import { timerOf } from '../async/timer.ts'
import type { Database } from './database.ts'
import { asError, isPassing, refusal } from './errors.ts'

export interface Statement {
  text: string
  values: unknown[]
}

export interface BatchWriterOptions<Item> {
  database: Database
  /** Writes all of these at once, or rejects within so many milliseconds. */
  write(items: Item[], timeoutMs: number): Promise<unknown>
  sizeOf(item: Item): number
  maxItems?: number
}

/** Bytes of one statement, and of what waits to be written, more or less. */
const maxBatchBytes = 4 * 1024 * 1024
const maxWaitingBytes = 256 * 1024 * 1024
/** Milliseconds that one attempt may take. */
const attemptMs = 10_000

interface Write<Item> {
  item: Item
  isOver: boolean
  /** Why the last attempt came to nothing. */
  failure?: unknown
  resolve(): void
  reject(error: Error): void
}

/**
 * Writes what is asked for at the same time in one statement, in order, and tries again over lost connections. What
 * PostgreSQL refuses is refused alone: it takes none of its batch along.
 */
export class BatchWriter<Item> {
  readonly #options: BatchWriterOptions<Item>
  readonly #batcher: Batcher<Write<Item>>
  #waitingBytes = 0
  #isClosed = false

  constructor(options: BatchWriterOptions<Item>) {
    this.#options = options
    this.#batcher = new Batcher({
      maxItems: options.maxItems ?? 500,
      maxBytes: maxBatchBytes,
      gatherTime: 0,
      sizeOf: ({ item }) => options.sizeOf(item),
      flush: (writes) => this.#flush(writes),
    })
  }

  /**
   * Resolves when it is committed; rejects after `timeoutMs`, when it may be written or not.
   */
  async write(item: Item, timeoutMs: number): Promise<void> {
    const size = this.#options.sizeOf(item)
    if (this.#waitingBytes > maxWaitingBytes)
      throw this.#options.database.unavailable(new Error('too much waits to be written already'))
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const write: Write<Item> = { item, isOver: false, resolve, reject }
    const timer = setTimeout(
      () => {
        const seconds = Number((timeoutMs / 1_000).toFixed(3))
        const failure = write.failure ?? new Error(`not written within ${seconds} s`)
        reject(this.#options.database.unavailable(failure))
        write.isOver = true
      },
      timerOf(timeoutMs / 1_000),
    )
    this.#waitingBytes += size
    this.#batcher.add(write)
    try {
      await promise
    } finally {
      clearTimeout(timer)
      this.#waitingBytes -= size
    }
  }

  /** Resolves when everything so far is written or given up; from now on nothing is tried twice. */
  async close(): Promise<void> {
    this.#isClosed = true
    await this.#batcher.drained()
  }

  async #flush(writes: Write<Item>[]): Promise<void> {
    for (let attempt = 0, left = writes; ; attempt++) {
      left = left.filter(({ isOver }) => !isOver)
      if (left.length === 0) return
      try {
        await this.#options.write(
          left.map(({ item }) => item),
          attemptMs,
        )
        for (const { resolve } of left) resolve()
        return
      } catch (error) {
        if (!isPassing(error)) return await this.#refused(left, error)
        for (const write of left) write.failure = error
        if (this.#isClosed) return rejectAll(left, this.#options.database.unavailable(error))
        await pause(backoff(attempt))
      }
    }
  }

  async #refused(writes: Write<Item>[], error: unknown): Promise<void> {
    if (writes.length > 1) {
      for (const write of writes) await this.#flush([write])
      return
    }
    rejectAll(writes, asError(refusal(error)))
  }
}

function rejectAll(writes: Write<unknown>[], error: Error): void {
  for (const { reject } of writes) reject(error)
}
