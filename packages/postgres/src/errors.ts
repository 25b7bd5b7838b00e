import pg from 'pg'

/**
 * What this package itself reports. Errors of SQL come through as pg's own, with their SQLSTATE in `code`
 * (https://www.postgresql.org/docs/current/errcodes-appendix.html).
 *
 * - `UNAVAILABLE`: no connection could be had in time, or it was lost; the work may be tried again later.
 * - `TIMEOUT`: the deadline of the work has passed, or the server did not answer within the statement timeout.
 * - `ROWS`: `one` or `maybeOne` met another number of rows.
 * - `ABORTED`: the work ended well although one of its statements had failed, so nothing was committed.
 */
export class DatabaseError extends Error {
  override readonly name = 'DatabaseError'
  readonly code: 'UNAVAILABLE' | 'TIMEOUT' | 'ROWS' | 'ABORTED'

  constructor(code: DatabaseError['code'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** An insert or update met a row with the same key; of that constraint or unique index, when one is named. */
export function isUniqueViolation(error: unknown, constraint?: string): boolean {
  if (sqlState(error) !== '23505') return false
  return constraint === undefined || (error as pg.DatabaseError).constraint === constraint
}

// admin shutdown, crash shutdown, cannot connect now (starting up or shutting down), too many connections
const unavailableStates = new Set(['57P01', '57P02', '57P03', '53300'])

const unavailableSystemErrors = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ENOENT', // a unix socket that is not there
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
])

/** PostgreSQL cannot be reached or is too busy to connect to: not the statement's fault, and it may pass. */
export function isUnavailable(error: unknown): boolean {
  if (error instanceof DatabaseError) return error.code === 'UNAVAILABLE'
  const state = sqlState(error)
  // Class 08 is "connection exception".
  if (state !== undefined) return unavailableStates.has(state) || state.startsWith('08')
  return error instanceof Error && 'code' in error && unavailableSystemErrors.has(String(error.code))
}

/** A statement took longer than its limit, or the deadline of the work passed before it was sent. */
export function isTimeout(error: unknown): boolean {
  if (error instanceof DatabaseError) return error.code === 'TIMEOUT'
  return sqlState(error) === '57014'
}

/** Two transactions got in each other's way and this one was chosen to give in: run again, it may succeed. */
export function isConflict(error: unknown): boolean {
  const state = sqlState(error)
  return state === '40001' || state === '40P01'
}

/** The SQLSTATE of an error that PostgreSQL answered with. */
export function sqlState(error: unknown): string | undefined {
  return error instanceof pg.DatabaseError ? error.code : undefined
}

/** One line for any error; some of Node's (an `AggregateError` of refused connections) have only a code. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.message || ('code' in error ? String(error.code) : error.name)
}
