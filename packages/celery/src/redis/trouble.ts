import { Seldom } from '../async/seldom.ts'
import { CeleryError, type ErrorCode } from '../errors.ts'
import type { Log } from '../log.ts'
import { ConnectionLost, explainFailure } from './replies.ts'
import type { RedisTarget } from './target.ts'

/** Milliseconds for which the last refusal may be why something is late: longer than between two tries. */
const recent = 60_000

/** What is wrong with a connection to Redis, in words for errors and the log. */
export class Trouble {
  readonly #code: ErrorCode
  readonly #log: Log
  readonly #address: string
  #refusal: { reason: string; at: number } | undefined
  /** Errors in the log that Redis refuses a new connection. */
  readonly #refusals = new Seldom()
  #saidNeedless = false

  constructor({ target, code, log }: { target: RedisTarget; code: ErrorCode; log: Log }) {
    const { host, port, path } = target
    this.#code = code
    this.#log = log
    this.#address = path ?? `${host}:${port}`
  }

  /** What Redis has said of late instead of doing it, such as that it lets nobody in: words to end an error with. */
  get lately(): string {
    const { reason, at } = this.#refusal ?? { reason: '', at: Number.NEGATIVE_INFINITY }
    return performance.now() - at < recent ? ` (its last answer: ${reason.replace(/\.$/, '')})` : ''
  }

  /** @param error why, when that is known; else it was not reached in time */
  unreachable(error?: unknown): CeleryError {
    const reason = error === undefined ? undefined : this.#explain(error)
    if (reason instanceof CeleryError) return reason
    const why = reason ? `: ${reason.message}` : ` in time${this.lately}`
    const message = `Redis at ${this.#address} could not be reached${why}. Safe to try again.`
    return new CeleryError(this.#code, message)
  }

  /** Returns what it means, and whether Redis is there but refuses what it is asked. */
  lost(error: unknown): { reason: Error; isRefusal: boolean } {
    this.#refusal = undefined
    const reason = this.#explain(error)
    const isRefusal = this.#isRefusal(reason)
    this.#log.warn({ reason: reason.message }, `the connection to Redis (${this.#address}) was lost`)
    return { reason, isRefusal }
  }

  notYet(error: unknown, attempt: number): void {
    const reason = this.#explain(error)
    this.#isRefusal(reason)
    const fields = { reason: reason.message, attempt }
    if (!(reason instanceof CeleryError) || !this.#refusals.isDue()) {
      this.#log.debug(fields, 'Redis cannot be reached yet')
      return
    }
    // What Redis refuses, time alone does not mend.
    this.#log.error(fields, 'Redis cannot be reached yet')
  }

  over(): void {
    this.#refusals.over()
    this.#log.info({}, `there is a connection to Redis (${this.#address}) again`)
  }

  needlessPassword(): void {
    if (this.#saidNeedless) return
    this.#saidNeedless = true
    this.#log.warn({ address: this.#address }, 'Redis asks for no password, though one was given')
  }

  /** With the address: of broker, results and schedules, each may be on a Redis of its own. */
  #explain(error: unknown): ConnectionLost | CeleryError {
    return explainFailure(error, this.#code, `Redis at ${this.#address}`)
  }

  /** Such an answer is remembered. */
  #isRefusal(error: ConnectionLost | CeleryError): boolean {
    if (error instanceof ConnectionLost && !error.isRefusal) return false
    this.#refusal = { reason: error.message, at: performance.now() }
    return true
  }
}
