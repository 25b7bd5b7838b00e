import type { AppCore } from '../app/app-core.ts'
import type { DeadLetter, DeadLetterPage, DeadLetterQuery } from '../brokers/dead-letter-store.ts'
import { checkQuery } from '../brokers/letter.ts'
import { checkValue } from '../options/check.ts'
import { listOf, text } from '../options/kinds.ts'
import { drop, dropAll } from './drop.ts'
import { type Replayed, replay, replayAll } from './replay.ts'

/**
 * The tasks that no worker will run any more: to look at, to send again, to forget. A query that makes no sense is
 * refused with CeleryError `BAD_OPTION` before anything is done.
 */
export interface DeadLetters {
  /** One page, oldest first. */
  list(query?: DeadLetterQuery): Promise<DeadLetterPage>
  get(letterId: string): Promise<DeadLetter | undefined>
  count(): Promise<number>
  replay(letterId: string): Promise<Replayed | undefined>
  /**
   * Returns, at its end, how many of them somebody else has replayed too, or dropped. Throws, at its end, CeleryError
   * with the first of those that could not be sent, if there are any: they are left.
   */
  replayAll(query?: DeadLetterQuery): AsyncGenerator<Replayed, number>
  drop(letterIds: string[]): Promise<number>
  dropAll(query?: DeadLetterQuery): Promise<number>
}

const lettersCheck = listOf(text)

/** The dead letters of the app's broker: listed, counted, replayed and dropped. */
export function createDeadLetters(app: AppCore): DeadLetters {
  const store = async () => (await app.broker()).deadLetters
  return {
    async list(query = {}) {
      checkQuery(query)
      return (await store()).list(query)
    },
    async get(letterId) {
      checkValue(letterId, text, 'letterId', 'get')
      return (await store()).get(letterId)
    },
    count: async () => (await store()).count(),
    async replay(letterId) {
      checkValue(letterId, text, 'letterId', 'replay')
      return replay(app, letterId)
    },
    async *replayAll(query = {}) {
      checkQuery(query)
      return yield* replayAll(app, query)
    },
    async drop(letterIds) {
      checkValue(letterIds, lettersCheck, 'letterIds', 'drop')
      return drop(app, letterIds)
    },
    async dropAll(query = {}) {
      checkQuery(query)
      return dropAll(app, query)
    },
  }
}
