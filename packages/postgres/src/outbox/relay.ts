import type { Part } from '@colophon/runtime'
import { describeError, isTimeout, isUnavailable } from '../errors.ts'
import type { Listening } from '../listen.ts'
import type { Log } from '../log.ts'
import { type Batch, type BatchOptions, runBatch } from './batch.ts'
import type { OutboxPlace, OutboxRow } from './message.ts'
import { awayMs, type Failure, isToBeSaid, retryMs, type Said } from './rules.ts'
import { type OutboxStats, outboxStats } from './stats.ts'
import { channelOf } from './table.ts'
import { Alarm, onWake, pause } from './wake.ts'

/**
 * What a relay reports. What is parked is an error, and so is what keeps the relay from its work and will not pass by
 * itself, since somebody has to see to it. A pino logger fits.
 */
export interface RelayLog extends Log {
  error(fields: object, message: string): void
}

export interface RelayOptions extends OutboxPlace {
  /**
   * Publishes a row: resolves when it is safe with the broker, rejects when it is not or that is not known. Has a
   * deadline of its own, shorter than `publishMs`. It runs within the trace that the row was written in.
   */
  publish(row: OutboxRow): Promise<void>
  /** Whether the broker is away: not the row's fault, which waits without being counted against it. Never, when absent. */
  isUnavailable?(error: unknown): boolean
  /** Whether no attempt can ever succeed: the row is parked at once. Never, when absent. */
  isUnpublishable?(error: unknown): boolean
  /** Attempts after which a row is parked; 10. */
  maxAttempts?: number
  /** Milliseconds until a row is tried again that failed so often; a second, doubled up to a minute, with jitter. */
  retryMs?(attempts: number): number
  /** Keys published at once; 64. */
  keysAtOnce?: number
  /** Milliseconds that publishing a row may take before it counts as failed, at most 30,000; 10,000. */
  publishMs?: number
  /** Milliseconds between looks at the table that nobody asked for; 1000. */
  pollMs?: number
  log?: RelayLog
}

/** Publishes an outbox. */
export interface Relay extends Part {
  start(): void
  /** Resolves when nothing is due any more, having published what was: also without a start. */
  settle(): Promise<void>
  /** Resolves when the batch that is being published has ended, which begins no further row. */
  stop(): Promise<void>
  stats(): Promise<OutboxStats>
}

/** Bounds of a batch. With what `publish` may take, it is well within the pool's limit for idle transactions. */
const size = { rows: 500, rowsOfKey: 50 }
const batchMs = 20_000
/** Milliseconds between the beginnings of two batches at least: what is written meanwhile makes one batch. */
const pace = 10
/** Milliseconds between attempts to settle. */
const settlePace = 50

/**
 * A relay publishes the outbox of a schema, at least once: a crash between publishing and writing that down has a row
 * published again with the same sequence, so consumers drop what is not beyond the last of its key. Any number of
 * processes may have one; one works at a time.
 */
export function createRelay(options: RelayOptions): Relay {
  return new OutboxRelay(options)
}

class OutboxRelay implements Relay {
  readonly name: string
  readonly #options: RelayOptions
  readonly #batchOptions: BatchOptions
  readonly #stopping = new AbortController()
  readonly #alarm = new Alarm()
  #running: Promise<void> | undefined
  #listening: Listening | undefined
  #unregister: (() => void) | undefined
  /** How often in a row there was no getting on, since the broker or the database was away, and what was said last. */
  #away = 0
  #said: Said | undefined

  constructor(options: RelayOptions) {
    this.name = `${options.schema} outbox relay`
    this.#options = options
    this.#batchOptions = {
      isUnavailable: () => false,
      isUnpublishable: () => false,
      maxAttempts: 10,
      retryMs,
      keysAtOnce: 64,
      publishMs: 10_000,
      ...options,
      size,
      batchMs,
    }
  }

  start(): void {
    const { database, schema } = this.#options
    const wake = () => this.#alarm.ring()
    this.#unregister = onWake(this.#options, wake)
    this.#listening = database.listen(channelOf(schema), wake)
    this.#running = this.#run()
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    this.#alarm.ring()
    this.#unregister?.()
    await Promise.all([this.#listening?.close(), this.#running])
  }

  async settle(): Promise<void> {
    const { signal } = this.#stopping
    while (!signal.aborted) {
      const outcome = await this.#attempt()
      if (outcome === 'nothing') return
      if (outcome !== 'some') await pause(settlePace, signal)
    }
  }

  stats(): Promise<OutboxStats> {
    return outboxStats(this.#options)
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping
    while (!signal.aborted) {
      const next = performance.now() + pace
      // Before the batch: what wakes us during it may be what it did not see.
      this.#alarm.reset()
      const outcome = await this.#attempt()
      if (outcome === 'away') await pause(awayMs(this.#away), signal)
      else if (outcome !== 'some') await this.#alarm.sleep(this.#options.pollMs ?? 1_000)
      await pause(next - performance.now(), signal)
    }
  }

  /** One batch. Never rejects: what fails here is tried again. */
  async #attempt(): Promise<Batch['outcome'] | 'away'> {
    try {
      const batch = await runBatch(this.#options, this.#batchOptions, this.#stopping.signal)
      if (batch.outcome === 'some') this.#report(batch.failed)
      if (batch.outcome === 'some' && batch.away) return this.#isAway(batch.away.reason)
      if (hasGoneOn(batch)) this.#isBack()
      return batch.outcome
    } catch (error) {
      return this.#isAway(error)
    }
  }

  #report(failed: readonly Failure[]): void {
    const { log, schema } = this.#options
    for (const { row, attempts, error } of failed.filter(({ retryMs }) => retryMs === null)) {
      const { sequence: id, key, topic } = row
      log?.error({ schema, id, key, topic, attempts, error }, 'a message is parked: replay or drop it')
    }
    const [first] = failed.filter(({ retryMs }) => retryMs !== null)
    if (first === undefined) return
    const { row, attempts, error } = first
    const fields = { schema, id: row.sequence, key: row.key, topic: row.topic, attempts, error }
    log?.warn({ ...fields, failed: failed.length }, 'messages could not be published, such as this one')
  }

  #isAway(error: unknown): 'away' {
    const { log, schema } = this.#options
    const now = { reason: describeError(error), at: performance.now() }
    const passes = isUnavailable(error) || isTimeout(error) || this.#batchOptions.isUnavailable(error)
    if (isToBeSaid(now, passes, this.#said)) {
      if (passes) log?.warn({ schema, reason: now.reason }, 'the outbox has to wait')
      else log?.error({ schema, err: error }, 'the outbox is kept up by a fault, and is tried again')
      this.#said = now
    }
    this.#away++
    return 'away'
  }

  #isBack(): void {
    if (this.#away === 0) return
    this.#away = 0
    this.#said = undefined
    this.#options.log?.info({ schema: this.#options.schema }, 'the outbox goes on')
  }
}

/**
 * Whether a batch shows that what kept it is over: a row went out, or failed by a fault of its own, or none waits. That
 * another relay works does not.
 */
function hasGoneOn(batch: Batch): boolean {
  if (batch.outcome !== 'some') return batch.outcome === 'nothing'
  return batch.published.length + batch.failed.length > 0
}
