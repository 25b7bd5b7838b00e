import { setTimeout as delay } from 'node:timers/promises'
import { raw, type Sql } from 'sql-template-tag'
import type { Connection, SendOptions } from './connection.ts'
import { tighterTimeout, timeLeft } from './deadline.ts'
import { DatabaseError, isConflict, isUnavailable } from './errors.ts'
import { type Queryable, type QueryOptions, queryable } from './queryable.ts'

/** An open transaction. Statements sent at once (`Promise.all`) run in the order they were sent. */
export interface Transaction extends Queryable {}

export interface TransactionOptions {
  /** `read committed` when absent. */
  isolation?: 'read committed' | 'repeatable read' | 'serializable'
  /**
   * The work is safe to run again from its start: do so, a few times and after a random pause, when PostgreSQL
   * rolled it back for a serialization failure or a deadlock. Nothing else is ever retried.
   */
  retry?: boolean
  readOnly?: boolean
  /** In place of the pool's statement timeout, in milliseconds; 0 is none. A deadline still holds. */
  statementTimeout?: number
}

const attempts = 6
/** Milliseconds: the longest pause before the second attempt; doubled for each after it, up to the second. */
const firstPause = 10
const longestPause = 500

type Connected = <T>(work: (connection: Connection) => Promise<T>) => Promise<T>

export async function runTransaction<T>(
  connected: Connected,
  work: (tx: Transaction) => Promise<T>,
  poolTimeout: number,
  options: TransactionOptions = {},
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    const open = new OpenTransaction(poolTimeout, options)
    try {
      return await connected((connection) => open.run(connection, work))
    } catch (error) {
      // The work may have wrapped the conflict in an error of its own.
      const conflict = isConflict(error) || isConflict(open.failure)
      if (!options.retry || !conflict || attempt === attempts) throw error
    }
    // Full jitter, so that those who collided do not collide again.
    await delay(Math.random() * Math.min(longestPause, firstPause * 2 ** (attempt - 1)))
  }
}

class OpenTransaction {
  /** The first statement that failed, which doomed the transaction. */
  failure: unknown
  readonly #options: TransactionOptions
  /** The statement timeout in force, in milliseconds; 0 is none. */
  #timeout: number
  #over = false

  constructor(poolTimeout: number, options: TransactionOptions) {
    this.#options = options
    this.#timeout = poolTimeout
  }

  async run<T>(connection: Connection, work: (tx: Transaction) => Promise<T>): Promise<T> {
    const begin = this.#begin()
    await connection.send(raw(begin), { timeout: this.#timeout })
    try {
      const result = await work(
        queryable((statement, options) => this.#query(connection, statement, options)),
      )
      this.#over = true
      await this.#commit(connection)
      return result
    } catch (error) {
      this.#over = true
      await connection.send(raw('ROLLBACK'), { timeout: this.#timeout }).catch(() => {
        // The connection broke, so the server rolls back by itself; the first error is the one to report.
      })
      throw error
    }
  }

  #begin(): string {
    const { isolation, readOnly, statementTimeout = this.#timeout } = this.#options
    const limits = [statementTimeout, timeLeft() ?? 0].filter((limit) => limit > 0)
    const timeout = limits.length > 0 ? Math.min(...limits) : 0
    const begin = ['BEGIN', isolation && `ISOLATION LEVEL ${isolation}`, readOnly && 'READ ONLY']
    const setTimeout = timeout === this.#timeout ? '' : `; SET LOCAL statement_timeout = ${timeout}`
    this.#timeout = timeout
    return begin.filter(Boolean).join(' ') + setTimeout
  }

  async #query<Row>(connection: Connection, statement: Sql, options?: QueryOptions): Promise<Row[]> {
    if (this.#over) throw new Error('the transaction is over: await its statements before returning from it')
    const tighter = tighterTimeout(this.#timeout)
    if (tighter !== undefined) {
      this.#timeout = tighter
      setLocalTimeout(connection, tighter)
    }
    try {
      return (await connection.send<Row>(statement, { ...options, timeout: this.#timeout })).rows
    } catch (error) {
      this.failure ??= error
      throw error
    }
  }

  async #commit(connection: Connection): Promise<void> {
    const { command } = await connection.send(raw('COMMIT'), { timeout: this.#timeout }).catch((error) => {
      if (!isUnavailable(error)) throw error
      const message =
        'the connection to PostgreSQL was lost during COMMIT: it may or may not have taken effect'
      throw new DatabaseError('UNAVAILABLE', message, { cause: error })
    })
    // PostgreSQL answers COMMIT with ROLLBACK, and no error, when a statement had failed.
    if (command === 'COMMIT') return
    const message = 'nothing was committed: a statement of the transaction had failed and the work went on'
    throw new DatabaseError('ABORTED', message, { cause: this.failure })
  }
}

/** One statement under a timeout of its own, in one round trip, leaving no trace in the session. */
export async function withLocalTimeout<Row>(
  connection: Connection,
  statement: Sql,
  options: SendOptions,
): Promise<Row[]> {
  const { timeout } = options
  const begun = connection.send(raw(`BEGIN; SET LOCAL statement_timeout = ${timeout}`), { timeout })
  const answer = connection.send<Row>(statement, options)
  const committed = connection.send(raw('COMMIT'), { timeout })
  // All three are waited for before the connection goes back; the first failure is the one that counts.
  await Promise.allSettled([begun, answer, committed])
  await begun
  const { rows } = await answer
  await committed
  return rows
}

function setLocalTimeout(connection: Connection, timeout: number): void {
  connection.send(raw(`SET LOCAL statement_timeout = ${timeout}`), { timeout }).catch(() => {
    // It fails only with the connection or in a failed transaction, and then the statement behind it says why.
  })
}
