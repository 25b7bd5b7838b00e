import { CeleryError } from '../errors.ts'
import type { Log } from '../log.ts'

/** SQLSTATE classes and codes that say nothing about the statement: another connection, or a later time, may do. */
const passingStates = /^(08|57P0|53|40|55P03|57014|25006)/

/**
 * The server could not be reached, went away, is starting up or shutting down, was too busy, or chose this statement
 * to give way: to be tried again.
 * @see https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
export function isPassing(error: unknown): boolean {
  const state = sqlState(error)
  // Without an SQLSTATE it is not PostgreSQL that answered: the connection broke or did not come, or time was up.
  return state === undefined
    ? error instanceof Error && !(error instanceof TypeError)
    : passingStates.test(state)
}

/** Where the connection to the server was lost behind a pooler, the outcome is not known, or the server crashes. */
const unknownOutcomes = /^(08|40003|57P02)/

const unsent = new WeakSet<Error>()

/** Keeps of an error that it came before the statement was sent. */
export function markUnsent(error: unknown): void {
  if (error instanceof Error) unsent.add(error)
}

/** A statement on its own was never sent, or its answer shows that it has done nothing; otherwise it may have been done. */
export function isUndone(error: unknown): boolean {
  if (error instanceof Error && unsent.has(error)) return true
  const state = sqlState(error)
  return state !== undefined && !unknownOutcomes.test(state)
}

/** SQLSTATE classes that are the fault of a value: one that breaks a rule, is out of range, or too large for a row or index. */
const valueStates = /^(22|23|54)/

/**
 * What PostgreSQL refused, and would refuse again: `BAD_VALUE` for a value, `UNSUPPORTED` for the rest, such as a table
 * or a right that is missing. A mistake in the program stays what it is.
 */
export function refusal(error: unknown): unknown {
  const state = sqlState(error)
  if (state === undefined) return error
  const message = `PostgreSQL refused it: ${describeError(error)}`
  return new CeleryError(valueStates.test(state) ? 'BAD_VALUE' : 'UNSUPPORTED', message, { cause: error })
}

/** The five characters of an error that PostgreSQL answered with. */
export function sqlState(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined
  const { code } = error
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) && 'severity' in error ? code : undefined
}

/** Passing, but seldom by itself: read-only, or out of disk, memory or connections. */
const troubles = /^(53|25006)/

/** In place of a connection that a pool did not give in time. */
export function noConnection(seconds: number): Error {
  return new Error(`the pool gave no connection: no answer within ${Number(seconds.toFixed(3))} s`)
}

/** That error, or the one of a `pg.Pool` all of whose connections are taken for longer than it waits itself. */
const poolTroubles = /^(the pool gave no connection\b|timeout exceeded when trying to connect$)/

/**
 * Something that is tried again: an error is what time will not mend, such as a table or a right that is missing, a
 * warning what somebody should look at.
 */
export function logFailure(log: Log, error: unknown, fields: Record<string, unknown>, message: string): void {
  const isTrouble = troubles.test(sqlState(error) ?? '') || poolTroubles.test(describeError(error))
  const passing = isTrouble ? 'warn' : 'debug'
  log[isPassing(error) ? passing : 'error']({ ...fields, reason: describeError(error) }, message)
}

/** One line for any error; some of Node's (an `AggregateError` of refused connections) have only a code. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.message || ('code' in error ? String(error.code) : error.name)
}

export function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}
