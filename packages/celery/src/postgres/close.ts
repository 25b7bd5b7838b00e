import type { Log } from '../log.ts'
import { within } from './database.ts'
import { describeError } from './errors.ts'

/** Milliseconds that closing may take when the server does not answer. */
const patience = 5_000

/** Takes these steps one after the other, whatever becomes of each, and waits for none when time is up. */
export async function closeInSteps(log: Log, steps: (() => Promise<unknown>)[]): Promise<void> {
  const end = performance.now() + patience
  for (const step of steps) {
    try {
      await within(Math.max(1, end - performance.now()), step())
    } catch (error) {
      log.debug({ reason: describeError(error) }, 'something was left undone while closing')
    }
  }
}
