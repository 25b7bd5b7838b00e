import { backoff } from '../async/backoff.ts'
import { pause } from '../async/pause.ts'
import { CeleryError } from '../errors.ts'
import { describeError, isPassing, refusal, sqlState } from './errors.ts'
import { answerTimeoutMs, type OpenedPool, queryOn, type SqlPool } from './pool.ts'

export type Row = unknown[]

/** Milliseconds that one attempt of a statement which is tried again may take. */
const attemptMs = 10_000

/** Statements on a pool, each with a deadline. */
export class Database {
  readonly #pool: SqlPool
  readonly #prepares: boolean
  readonly #code: 'BROKER_UNAVAILABLE' | 'RESULTS_UNAVAILABLE'
  readonly #closing = new AbortController()

  constructor(
    { pool, isOwn }: Pick<OpenedPool, 'pool' | 'isOwn'>,
    code: 'BROKER_UNAVAILABLE' | 'RESULTS_UNAVAILABLE',
  ) {
    this.#pool = pool
    this.#prepares = isOwn
    this.#code = code
  }

  /**
   * One attempt; its rows as arrays. Rejects with what PostgreSQL or the connection said: see `isUndone`.
   * @param name for statements that are sent all the time: prepares them where that is safe
   */
  async query(
    text: string,
    values: unknown[] = [],
    timeoutMs = answerTimeoutMs,
    name?: string,
  ): Promise<Row[]> {
    const prepared = name !== undefined && this.#prepares ? { name } : undefined
    const { rows } = await queryOn(this.#pool, { ...prepared, text, values, rowMode: 'array' }, timeoutMs)
    return rows as Row[]
  }

  /**
   * Tries until it has an answer, which may make it run twice. Rejects with `…_UNAVAILABLE` when there is none after
   * `timeoutMs`, and with `BAD_VALUE` or `UNSUPPORTED` when PostgreSQL would refuse it again.
   */
  async persist(text: string, values: unknown[], timeoutMs = 10_000): Promise<Row[]> {
    const end = performance.now() + timeoutMs
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.query(text, values, Math.max(1, Math.min(attemptMs, end - performance.now())))
      } catch (error) {
        if (!isPassing(error)) throw refusal(error)
        const seconds = backoff(attempt)
        const isInTime = performance.now() + seconds * 1_000 < end
        if (!isInTime || !(await pause(seconds, this.#closing.signal))) throw this.unavailable(error)
      }
    }
  }

  unavailable(cause: unknown): CeleryError {
    const what = sqlState(cause) === undefined ? 'could not be reached' : 'did not do it'
    return new CeleryError(this.#code, `PostgreSQL ${what} in time: ${describeError(cause)}`, { cause })
  }

  /** Nothing is tried again from now on. */
  stop(): void {
    this.#closing.abort()
  }
}
