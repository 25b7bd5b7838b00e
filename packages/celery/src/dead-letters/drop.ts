import type { AppCore } from '../app/app-core.ts'
import type { DeadLetterQuery } from '../brokers/dead-letter-store.ts'
import { CeleryError } from '../errors.ts'
import { takePages } from './take-pages.ts'

/** Removes letters for good. Returns how many of these there were. */
export async function drop(app: AppCore, letterIds: string[]): Promise<number> {
  const { deadLetters } = await app.broker()
  return deadLetters.remove(letterIds)
}

/**
 * Removes all that the query finds, and returns how many.
 * @throws what the broker did, such as CeleryError `BROKER_UNAVAILABLE`, with how many were removed before
 */
export async function dropAll(app: AppCore, query: DeadLetterQuery = {}): Promise<number> {
  const { deadLetters } = await app.broker()
  let dropped = 0
  try {
    for await (const letters of takePages(app, query)) {
      dropped += await deadLetters.remove(letters.map(({ id }) => id))
    }
  } catch (error) {
    if (!(error instanceof CeleryError) || dropped === 0) throw error
    throw new CeleryError(error.code, `After ${dropped} were dropped: ${error.message}`, { cause: error })
  }
  return dropped
}
