import type { TestDatabase } from '@colophon/postgres/testing'
import pg from 'pg'

/** A pool as an app of its own would have: a store and a broker on it are on one database. */
export function poolOf(connection: TestDatabase['connection'], max = 10): pg.Pool {
  const pool = new pg.Pool({
    ...('url' in connection ? { connectionString: connection.url } : connection),
    max,
  })
  pool.on('error', () => {})
  return pool
}

/** The same as a URL, for another process. */
export function urlOf(connection: TestDatabase['connection']): string {
  if ('url' in connection) return connection.url
  const { host, port, user, database } = connection
  return `postgres://${user}@localhost:${port}/${database}?host=${encodeURIComponent(host)}`
}
