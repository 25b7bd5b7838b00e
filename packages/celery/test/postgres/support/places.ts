import type { TestDatabase } from '@colophon/postgres/testing'
import pg from 'pg'
import { onTestFinished } from 'vitest'
import type { SqlConnection, SqlPool, SqlStatement } from '../../../src/postgres/pool.ts'

/** The database as a URL. */
export function urlOf({ connection }: TestDatabase): string {
  if ('url' in connection) return connection.url
  const { host, port, user, database } = connection
  return `postgres://${user}@localhost:${port}/${database}?host=${encodeURIComponent(host)}`
}

/**
 * A pool such as an app of its own would have.
 * @param wait milliseconds that it waits for a connection; 0: for ever
 */
export function poolOf(database: TestDatabase, max = 4, wait = 0): pg.Pool {
  return poolOfUrl(urlOf(database), max, wait)
}

export function poolOfUrl(url: string, max: number, wait = 0): pg.Pool {
  const pool = new pg.Pool({ connectionString: url, max, connectionTimeoutMillis: wait })
  pool.on('error', () => {})
  pool.on('connect', (client) => client.on('error', () => {}))
  return pool
}

/** Ends every other connection to the database, whatever it is in the middle of; returns how many these were. */
export async function terminateAll(pool: pg.Pool): Promise<number> {
  const { rows } = await pool.query(
    `SELECT count(pg_terminate_backend(pid))::int AS count FROM pg_stat_activity
     WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name LIKE 'celery%'`,
  )
  return rows[0].count
}

/** The pool, all of whose statements go through `ask`, which is also given what sends them. */
export function poolThrough(
  pool: pg.Pool,
  ask: (statement: SqlStatement, send: SqlConnection['query']) => ReturnType<SqlConnection['query']>,
): SqlPool {
  const connections = new WeakMap<pg.PoolClient, SqlConnection>()
  return {
    async connect() {
      const client = await pool.connect()
      const connection = connections.get(client) ?? {
        query: (statement) => ask(statement, (given) => client.query(given)),
        on: (event, listener: () => void) => client.on(event as 'error', listener),
        release: (error) => client.release(error),
      }
      connections.set(client, connection)
      return connection
    },
  }
}

/** A pool that carries out all statements, and loses its answer to the first that matches. */
export function forgetfulPool(database: TestDatabase, lost: RegExp): SqlPool & { readonly asked: number } {
  const pool = poolOf(database)
  onTestFinished(() => pool.end())
  let asked = 0
  const source = poolThrough(pool, async (statement, send) => {
    const answer = await send(statement)
    if (lost.test(statement.text) && asked++ === 0) throw new Error('the connection broke')
    return answer
  })
  return {
    ...source,
    /** How often such a statement came. */
    get asked() {
      return asked
    },
  }
}
