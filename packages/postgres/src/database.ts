import pg from 'pg'
import { raw, type Sql } from 'sql-template-tag'
import { type Connection, checkOut, noteBrokenConnections } from './connection.ts'
import { tighterTimeout, timeLeft } from './deadline.ts'
import { describeError } from './errors.ts'
import { Listeners, type Listening } from './listen.ts'
import type { Log } from './log.ts'
import { type Queryable, type QueryOptions, queryable } from './queryable.ts'
import { type SessionOptions, sessionConfig, type Target } from './target.ts'
import { runTransaction, type Transaction, type TransactionOptions, withLocalTimeout } from './transaction.ts'

export interface Database extends Queryable {
  /**
   * Runs `work` in a transaction: committed when it returns, rolled back when it throws. Everything in it must
   * go through `tx`, which is of no use afterwards.
   */
  transaction<T>(work: (tx: Transaction) => Promise<T>, options?: TransactionOptions): Promise<T>
  /**
   * Runs `work` on one connection, outside any transaction, for statements that cannot run in one and for locks that
   * outlast it. Nothing but a dead network, which is noticed within half a minute, limits how long its statements
   * take. The connection is closed afterwards, and what was set or
   * locked in the session ends with it.
   */
  session<T>(work: (session: Queryable) => Promise<T>): Promise<T>
  /**
   * Calls `heard` for each notification on a channel, and each time there is a connection to hear with, since what was
   * notified before is lost: whoever listens looks for itself, and looks now and then anyway. The connection is none of
   * the pool's, and is made again when it is lost. Closed with the database.
   */
  listen(channel: string, heard: () => void): Listening
  /** Connections of the pool now, callers waiting for one, and how many connections there may be. */
  stats(): { total: number; idle: number; waiting: number; max: number }
  /** Waits for the connections in use and closes all of them. Safe to call again. */
  close(): Promise<void>
}

export interface DatabaseOptions {
  connection: Target
  /** Shown in `pg_stat_activity`; at most 63 bytes. */
  application: string
  /** How many connections there may be; 10. */
  max?: number
  /** How long to wait for a connection, a new one or a free one, in milliseconds; 5000. */
  connectTimeout?: number
  /** How long a statement may run, in milliseconds; 30,000. Less when the work has an earlier deadline. */
  statementTimeout?: number
  log?: Log
}

/**
 * Opens a pool of connections; the first is made when it is needed.
 *
 * Statements are cut off by the deadline of the work they belong to (`currentContext()` of
 * `@colophon/runtime`) where that is earlier than their timeout, to within a quarter of the time left. A
 * statement by itself becomes a transaction for that, which a few, such as `VACUUM`, refuse to run in.
 *
 * Errors: pg's own with their SQLSTATE for what PostgreSQL refused, `DatabaseError` for the rest; see
 * `isUniqueViolation`, `isUnavailable` and `isTimeout`.
 */
export function openDatabase(options: DatabaseOptions): Database {
  const { max = 10, connectTimeout = 5_000, statementTimeout = 30_000 } = options
  const pool = openPool({ ...options, max, connectTimeout, statementTimeout })

  async function connected<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    const left = timeLeft()
    const connection = await checkOut(pool, left !== undefined && left < connectTimeout ? left : undefined)
    try {
      return await work(connection)
    } finally {
      connection.release()
    }
  }

  const query = <Row>(statement: Sql, { name }: QueryOptions = {}): Promise<Row[]> =>
    connected(async (connection) => {
      const timeout = tighterTimeout(statementTimeout)
      if (timeout !== undefined) return withLocalTimeout<Row>(connection, statement, { name, timeout })
      return (await connection.send<Row>(statement, { name, timeout: statementTimeout })).rows
    })

  const session = <T>(work: (session: Queryable) => Promise<T>): Promise<T> =>
    connected(async (connection) => {
      connection.closeOnRelease()
      await connection.send(raw('SET statement_timeout = 0'), { timeout: statementTimeout })
      return work(
        queryable(async <Row>(statement: Sql, { name }: QueryOptions = {}) => {
          const { rows } = await connection.send<Row>(statement, { name, timeout: 0 })
          return rows
        }),
      )
    })

  const listeners = new Listeners(
    sessionConfig(options.connection, { ...options, connectTimeout, statementTimeout }),
    options.log,
  )
  let closed: Promise<void> | undefined
  function close(): Promise<void> {
    closed ??= Promise.all([listeners.close(), pool.end()]).then(() => undefined)
    return closed
  }

  return {
    ...queryable(query),
    transaction: (work, transactionOptions) =>
      runTransaction(connected, work, statementTimeout, transactionOptions),
    session,
    listen: (channel, heard) => listeners.listen(channel, heard),
    stats: () => ({ total: pool.totalCount, idle: pool.idleCount, waiting: pool.waitingCount, max }),
    close,
  }
}

function openPool(options: DatabaseOptions & SessionOptions): pg.Pool {
  const session = sessionConfig(options.connection, options)
  const pool = new pg.Pool({ ...session, max: options.max, idleTimeoutMillis: 30_000 })
  noteBrokenConnections(pool)
  pool.on('error', (error) => {
    // Not the error itself: the pool hangs the whole connection on it.
    options.log?.warn({ reason: describeError(error) }, 'an idle connection to PostgreSQL was lost')
  })
  return pool
}
