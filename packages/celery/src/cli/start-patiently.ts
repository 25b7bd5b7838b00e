import { pause } from '../async/pause.ts'
import { isLoginRefused } from '../brokers/amqp/connect.ts'
import { CeleryError, isTransient, reasonOf } from '../errors.ts'
import type { Log } from '../log.ts'

/** As Celery's `broker_connection_max_retries`, and its pauses in seconds: each longer by the first, up to the longest. */
const mostRetries = 100
const [first, longest] = [2, 32]

export interface Patience {
  log: Log
  /** Aborted when it is to start no more. */
  stopping: AbortSignal
  /** For tests: in place of `pause`. */
  wait?: typeof pause
}

/**
 * Starts, and tries again while nobody answers, as Celery does with `broker_connection_retry_on_startup`: what is
 * started together with its servers may be there before them. Resolves without a start once it is told to stop.
 */
export async function startPatiently(
  start: () => Promise<void>,
  { log, stopping, wait = pause }: Patience,
): Promise<void> {
  for (let retry = 1; ; retry++) {
    try {
      return await start()
    } catch (error) {
      if (stopping.aborted && (isClosed(error) || isTransient(error))) return
      if (retry > mostRetries || !isAway(error)) throw error
      const seconds = Math.min(first * retry, longest)
      const fields = { reason: reasonOf(error), seconds, retry: `${retry}/${mostRetries}` }
      log.warn(fields, 'a server cannot be reached: the start is tried again')
      if (!(await wait(seconds, stopping))) return
    }
  }
}

/** Told to stop while it starts. */
export function isClosed(error: unknown): boolean {
  return error instanceof CeleryError && error.code === 'CLOSED'
}

/**
 * What no time mends: a certificate, a server that says it knows no TLS (Redis says nothing), a client library that is
 * not installed.
 */
const lasting = /\bcertificate\b|\bSSL\b|Cannot find package/

/** Nobody answers, or says that it will later; not that a server was there and refused. */
function isAway(error: unknown): boolean {
  return isTransient(error) && !isLoginRefused(error) && !lasting.test(error.message)
}
