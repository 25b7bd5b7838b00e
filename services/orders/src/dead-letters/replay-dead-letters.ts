import type { DeadLetter } from '@colophon/celery'
import type { OrdersDeps } from '../deps.ts'
import { fromBroker, isRefusal } from './broker-refusal.ts'
import { noSuchLetter } from './find-dead-letter.ts'
import { type DeadLetterFilter, lookOn } from './list-dead-letters.ts'
import type { Replayed, ReplayedMany } from './schemas.ts'

type Deps = Pick<OrdersDeps, 'deadLetters'>

/** How many one call sends at most, so that its answer comes in time. */
export const mostAtOnce = 100
/** Of these, how many are under way together. */
const abreast = 10

/**
 * Sends a dead letter's task again. Sent twice, by two at once, it is one task of one id.
 * @throws Problem dead_letter_not_found, dead_letter_stays, store_unavailable
 */
export async function replayDeadLetter({ deadLetters }: Deps, id: string): Promise<Replayed> {
  const replayed = await fromBroker(deadLetters.replay(id))
  if (replayed === undefined) throw noSuchLetter(id)
  return { id, taskId: replayed.taskId ?? null }
}

/**
 * Sends the oldest that the filter finds again, a hundred at most. Those that cannot be sent are told, and stay; what
 * dies again meanwhile is a new letter, and is left.
 * @throws Problem store_unavailable: those that were sent before are gone from the list
 */
export async function replayDeadLetters(
  { deadLetters }: Deps,
  filter: DeadLetterFilter,
): Promise<ReplayedMany> {
  const { letters, next } = await fromBroker(lookOn(deadLetters, { ...filter, limit: mostAtOnce }))
  const result: ReplayedMany = { replayed: [], refused: [], hasMore: next !== undefined }
  for (let from = 0; from < letters.length; from += abreast) {
    const some = letters.slice(from, from + abreast)
    await fromBroker(Promise.all(some.map((letter) => replayOne(deadLetters, letter, result))))
  }
  return result
}

async function replayOne(
  deadLetters: Deps['deadLetters'],
  { id }: DeadLetter,
  result: ReplayedMany,
): Promise<void> {
  try {
    const replayed = await deadLetters.replay(id)
    // Undefined when somebody else was faster.
    if (replayed !== undefined) result.replayed.push({ id, taskId: replayed.taskId ?? null })
  } catch (error) {
    if (!isRefusal(error)) throw error
    result.refused.push({ id, message: error.message })
  }
}
