import type pg from 'pg'
import { valueTypes } from './values.ts'

/** A PostgreSQL that listens on a unix socket, such as the embedded one. */
export interface SocketTarget {
  /** The folder that holds the socket, absolute. */
  host: string
  port: number
  user: string
  database: string
}

/**
 * Where PostgreSQL is. A URL may carry what pg understands in its query: `sslmode`, `sslrootcert`,
 * `application_name`, `options` and so on; what it says there comes before what this program chooses. `sslmode`
 * means what it does to libpq: `require` encrypts and believes any server (with `sslrootcert`, only one of its
 * authority's), `verify-full` also checks the server's name.
 */
export type Target = { url: string } | SocketTarget

export interface SessionOptions {
  /** Shown in `pg_stat_activity`; at most 63 bytes. */
  application: string
  /** How long to wait for a connection, in milliseconds. */
  connectTimeout: number
  /** How long a statement may run, in milliseconds; 0 is for ever. */
  statementTimeout: number
}

/** A transaction that stands idle this long (milliseconds) holds locks for nothing: its connection is closed. */
const idleInTransactionTimeout = 60_000

/**
 * Milliseconds of silence after which the network is probed, for statements that have no timeout. Node then probes
 * ten times, a second apart; the system alone would begin after two hours.
 */
const keepAliveDelay = 10_000

/** pg's settings for connections to `target`. Every session is in UTC, whatever the server's own time zone. */
export function sessionConfig(target: Target, options: SessionOptions): pg.ClientConfig {
  const { address, options: given } = addressOf(target)
  return {
    ...address,
    application_name: options.application,
    connectionTimeoutMillis: options.connectTimeout,
    statement_timeout: options.statementTimeout,
    idle_in_transaction_session_timeout: idleInTransactionTimeout,
    options: `${given} -c TimeZone=UTC -c DateStyle=ISO`.trim(),
    keepAlive: true,
    keepAliveInitialDelayMillis: keepAliveDelay,
    pipeline: true,
    types: valueTypes,
  }
}

// `options` is taken out of the URL, where it would replace ours instead of adding to it.
function addressOf(target: Target): { address: pg.ClientConfig; options: string } {
  if (!('url' in target)) return { address: { ...target, ssl: false }, options: '' }
  const [base = '', query] = withLibpqModes(target.url).split('?', 2)
  if (query === undefined) return { address: { connectionString: base }, options: '' }
  const parameters = new URLSearchParams(query)
  const options = parameters.get('options') ?? ''
  parameters.delete('options')
  return { address: { connectionString: `${base}?${parameters}` }, options }
}

/** Modes to which pg gives a meaning of its own, with a warning of many lines, unless it is asked for libpq's. */
const libpqModes = ['prefer', 'require', 'verify-ca']

/** The URL with which pg takes its `sslmode` as libpq does, unless it says otherwise itself. */
export function withLibpqModes(url: string): string {
  const [base = '', query = ''] = url.split('?', 2)
  const parameters = new URLSearchParams(query)
  const isLibpqs = libpqModes.includes(parameters.get('sslmode') ?? '')
  if (!isLibpqs || parameters.has('uselibpqcompat')) return url
  parameters.set('uselibpqcompat', 'true')
  return `${base}?${parameters}`
}
