import { backoff, type Pauses } from '../async/backoff.ts'
import { pause } from '../async/pause.ts'
import { CeleryError, isTransient } from '../errors.ts'
import type { Runtime } from './runtime.ts'

/** The worker stops and no longer waits for a broker or result store that is down. */
export class Abandoned extends Error {
  constructor(what: string, cause: unknown) {
    super(`${what} was given up as the worker stops`, { cause })
  }
}

const pauses: Pauses = { first: 0.2, longest: 30 }

/**
 * Does what must be done before a message may be acknowledged: over and over while the broker or the result store
 * is down. Throws `Abandoned` when the worker stops meanwhile, and what no repeat would mend.
 */
export async function persist<T>(
  runtime: Runtime,
  what: string,
  taskId: string | undefined,
  effect: () => Promise<T>,
): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await effect()
    } catch (error) {
      if (!isWorthAnother(error, attempt)) throw error
      const { settings, abandon } = runtime
      const { signal } = abandon
      const wait = backoff(attempt, settings.random, pauses)
      if (signal.aborted) throw new Abandoned(what, error)
      runtime.log.warn({ err: error, id: taskId, wait }, `${what} failed; it is tried again`)
      await pause(wait, signal)
    }
  }
}

/** How often what nobody here knows is tried: for some minutes. */
const unknownAttempts = 25

/**
 * What a broker or result store says by its code is believed. Any other error of theirs may be a server's trouble, but
 * not for ever; what the language throws is a mistake in the program.
 */
export function isWorthAnother(error: unknown, attempt: number): boolean {
  if (error instanceof CeleryError) return isTransient(error)
  const isMistake =
    error instanceof TypeError ||
    error instanceof RangeError ||
    error instanceof ReferenceError ||
    error instanceof SyntaxError
  return error instanceof Error && !isMistake && attempt + 1 < unknownAttempts
}
