import type { AppCore } from '../app/app-core.ts'
import type { DeadLetterQuery } from '../brokers/dead-letter-store.ts'
import { takePages } from './take-pages.ts'

/** Removes letters for good. Returns how many of these there were. */
export async function drop(app: AppCore, letterIds: string[]): Promise<number> {
  const { deadLetters } = await app.broker()
  return deadLetters.remove(letterIds)
}

/** Removes all that the query finds, and returns how many. */
export async function dropAll(app: AppCore, query: DeadLetterQuery = {}): Promise<number> {
  const { deadLetters } = await app.broker()
  let dropped = 0
  for await (const letters of takePages(app, query)) {
    dropped += await deadLetters.remove(letters.map(({ id }) => id))
  }
  return dropped
}
