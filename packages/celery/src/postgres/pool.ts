import { Socket } from 'node:net'
import type pg from 'pg'
import { within } from '../async/within.ts'
import type { Log } from '../log.ts'
import { checkValue } from '../options/check.ts'
import { either, having, url as urlCheck } from '../options/kinds.ts'
import { asError, markUnsent, noConnection } from './errors.ts'
import { type Address, addressIn, readPostgresUrl } from './url.ts'

/** One statement. Parameters are texts, numbers or bytes: arrays are handed over as PostgreSQL writes them. */
export interface SqlStatement {
  text: string
  /** Prepares it under that name, once a connection. */
  name?: string
  values?: unknown[]
  /** Rows are arrays, which cost less to make. */
  rowMode?: 'array'
  /** Milliseconds after which no answer is waited for. */
  query_timeout?: number
}

/** What is used of a client of `pg`. */
export interface SqlConnection {
  query(statement: SqlStatement): Promise<{ rows: unknown[] }>
  on(event: string, listener: (...args: never[]) => void): unknown
  /** With an error or true, the connection is closed and not given out again. */
  release(error?: Error | boolean): void
}

/** What is used of a `pg.Pool`: one of the app's own may be handed in, and stays its own to close. */
export interface SqlPool {
  connect(): Promise<SqlConnection>
  /** Where it shows them, for `describe`. */
  options?: {
    connectionString?: string | undefined
    host?: string | undefined
    port?: number | undefined
    user?: string | undefined
    database?: string | undefined
  }
}

export const poolCheck = having("a pool of pg's", 'connect')
const sourceCheck = either(urlCheck, poolCheck)

/** @throws CeleryError `BAD_OPTION` for what is neither a URL nor a pool */
export function checkSource(source: unknown, of: string): void {
  checkValue(source, sourceCheck, 'source', of)
}

export interface PoolOptions {
  /** Shown in `pg_stat_activity`. */
  application: string
  /** Connections at most, with the one that listens. */
  max: number
  log: Log
}

export interface OpenedPool {
  pool: SqlPool
  /** Whether it is ours: of another's it is not known whether statements may be prepared, as with some poolers not. */
  isOwn: boolean
  /** Closes the pool if it is ours. */
  close(): Promise<void>
}

/** Milliseconds that a statement may take: at the server, and a little more until its answer is here. */
export const statementTimeoutMs = 30_000
export const answerTimeoutMs = statementTimeoutMs + 1_000
/** Milliseconds for a connection, from a pool of ours or another's. */
const connectTimeoutMs = 5_000
const goodbyeTimeoutMs = 1_000

/** A pool on that URL, or the one that was handed in; `pg` is loaded for a URL only. */
export async function openPool(source: string | SqlPool, options: PoolOptions): Promise<OpenedPool> {
  if (typeof source !== 'string') return { pool: source, isOwn: false, async close() {} }
  const sockets = new Set<Socket>()
  const { default: library } = await import('pg')
  const pool: pg.Pool = new library.Pool({
    connectionString: source,
    max: options.max,
    application_name: options.application,
    query_timeout: answerTimeoutMs,
    onConnect: limitStatements,
    connectionTimeoutMillis: connectTimeoutMs,
    idleTimeoutMillis: 30_000,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    stream: () => tracked(sockets),
  })
  // What breaks a connection is told to whoever waits for its answer; without a listener it would end the process.
  pool.on('connect', (client) => client.on('error', () => {}))
  pool.on('error', (error) =>
    options.log.warn({ reason: error.message }, 'an idle connection to PostgreSQL was lost'),
  )
  return { pool, isOwn: true, close: () => end(pool, sockets) }
}

/** By a statement: PgBouncer lets no connection in that says so as it begins. */
async function limitStatements(client: pg.ClientBase): Promise<void> {
  const text = `SET statement_timeout = ${statementTimeoutMs}`
  const limit: pg.QueryConfig & SqlStatement = { text, query_timeout: connectTimeoutMs }
  await client.query(limit)
}

const heard = new WeakSet<SqlConnection>()

/** A connection of the pool, which is given back even when it comes too late. */
export async function connectionFrom(pool: SqlPool, seconds: number): Promise<SqlConnection> {
  const coming = pool.connect()
  try {
    const connection = await within(seconds, coming, () => noConnection(seconds))
    // What breaks it is told to its next query; where nobody listens for it, it would end the process.
    if (!heard.has(connection)) {
      heard.add(connection)
      connection.on('error', () => {})
    }
    return connection
  } catch (error) {
    markUnsent(error)
    coming.then(
      (connection) => connection.release(),
      () => undefined,
    )
    throw error
  }
}

/**
 * One statement, within so many milliseconds. One that is given up before it has a connection is never sent: the pool's
 * own `query` would keep it, and send it when a connection is free.
 */
export async function queryOn(
  pool: SqlPool,
  statement: SqlStatement,
  timeoutMs: number,
): Promise<{ rows: unknown[] }> {
  const end = performance.now() + timeoutMs
  const connection = await connectionFrom(pool, Math.min(timeoutMs, connectTimeoutMs) / 1_000)
  try {
    const left = Math.max(1, end - performance.now())
    const result = await connection.query({ ...statement, query_timeout: left })
    connection.release()
    return result
  } catch (error) {
    connection.release(asError(error))
    throw error
  }
}

function tracked(sockets: Set<Socket>): Socket {
  const socket = new Socket()
  sockets.add(socket)
  return socket.once('close', () => sockets.delete(socket))
}

/** Says goodbye to the server, but not for long: it may not be there any more. */
async function end(pool: pg.Pool, sockets: Set<Socket>): Promise<void> {
  const timer = setTimeout(() => {
    for (const socket of sockets) socket.destroy()
  }, goodbyeTimeoutMs)
  try {
    await pool.end()
  } finally {
    clearTimeout(timer)
  }
}

/** Where the pool leads, without its password. */
export function addressOf(source: string | SqlPool): Address {
  if (typeof source === 'string') return readPostgresUrl(source)
  const { connectionString, host = '', port = null, user = null, database = '' } = source.options ?? {}
  if (connectionString === undefined) return { host, port, user, database }
  return addressIn(connectionString) ?? { host: '', port: null, user: null, database: '' }
}
