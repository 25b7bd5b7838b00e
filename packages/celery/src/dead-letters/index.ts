import type { AppCore } from '../app/app-core.ts'
import type { DeadLetter, DeadLetterPage, DeadLetterQuery } from '../brokers/dead-letter-store.ts'
import { drop, dropAll } from './drop.ts'
import { type Replayed, replay, replayAll } from './replay.ts'

/** The tasks that no worker will run any more: to look at, to send again, to forget. */
export interface DeadLetters {
  /** One page, oldest first. */
  list(query?: DeadLetterQuery): Promise<DeadLetterPage>
  get(letterId: string): Promise<DeadLetter | undefined>
  count(): Promise<number>
  replay(letterId: string): Promise<Replayed | undefined>
  replayAll(query?: DeadLetterQuery): AsyncGenerator<Replayed>
  drop(letterIds: string[]): Promise<number>
  dropAll(query?: DeadLetterQuery): Promise<number>
}

/** The dead letters of the app's broker: listed, counted, replayed and dropped. */
export function createDeadLetters(app: AppCore): DeadLetters {
  const store = async () => (await app.broker()).deadLetters
  return {
    list: async (query) => (await store()).list(query),
    get: async (letterId) => (await store()).get(letterId),
    count: async () => (await store()).count(),
    replay: (letterId) => replay(app, letterId),
    replayAll: (query) => replayAll(app, query),
    drop: (letterIds) => drop(app, letterIds),
    dropAll: (query) => dropAll(app, query),
  }
}
