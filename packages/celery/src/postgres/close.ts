import { within } from '../async/within.ts'
import type { Log } from '../log.ts'
import { describeError } from './errors.ts'

/** Seconds that closing may take when the server does not answer. */
const patience = 5

/** Takes these steps one after the other, whatever becomes of each, and waits for none when time is up. */
export async function closeInSteps(log: Log, steps: (() => Promise<unknown>)[]): Promise<void> {
  const end = performance.now() + patience * 1_000
  for (const step of steps) {
    try {
      await within(Math.max(1, end - performance.now()) / 1_000, step())
    } catch (error) {
      log.debug({ reason: describeError(error) }, 'something was left undone while closing')
    }
  }
}
