import { CeleryError, type DeadLetterPage, type DeadLetterQuery } from '@colophon/celery'
import { decodeCursor, encodeCursor, httpProblem } from '@colophon/http'
import type { OrdersDeps } from '../deps.ts'
import { fromBroker } from './broker-refusal.ts'
import type { DeadLetter } from './schemas.ts'
import { shownLetter } from './shown-letter.ts'

/** Which are meant; all that is given must hold. */
export type DeadLetterFilter = Pick<DeadLetterQuery, 'task' | 'queue' | 'reason'>

/** How often a broker is asked on for one page: some look through many letters to find few. */
const mostLooks = 10

/**
 * One page of dead letters, the oldest first. One without letters may have more behind it.
 * @throws Problem invalid_cursor, store_unavailable
 */
export async function listDeadLetters(
  { deadLetters }: Pick<OrdersDeps, 'deadLetters'>,
  query: DeadLetterFilter & { cursor?: string; limit: number },
): Promise<{ items: DeadLetter[]; nextCursor: string | null }> {
  const { cursor, ...asked } = query
  const [after] = cursor === undefined ? [] : decodeCursor(cursor, query, ['text'])
  const first: DeadLetterQuery = after === undefined ? asked : { ...asked, after }
  const { letters, next } = await fromBroker(lookOn(deadLetters, first).catch(refuseCursor))
  return {
    items: letters.map(shownLetter),
    nextCursor: next === undefined ? null : encodeCursor(query, [next]),
  }
}

/** The first page from here on that has letters. */
export async function lookOn(
  deadLetters: Pick<OrdersDeps['deadLetters'], 'list'>,
  query: DeadLetterQuery,
): Promise<DeadLetterPage> {
  let page = await deadLetters.list(query)
  for (let looks = 1; page.letters.length === 0 && page.next !== undefined && looks < mostLooks; looks++) {
    page = await deadLetters.list({ ...query, after: page.next })
  }
  return page
}

/** Whoever makes up a cursor may put any text into it; all else of the query was checked. */
function refuseCursor(error: unknown): never {
  if (!(error instanceof CeleryError) || error.code !== 'BAD_OPTION') throw error
  throw httpProblem('invalid_cursor', 'cursor must be a nextCursor of this list: start again without it')
}
