import { createHash } from 'node:crypto'
import type { AppCore } from '../app/app-core.ts'
import { forEachBounded } from '../async/for-each-bounded.ts'
import type { DeadLetter, DeadLetterQuery } from '../brokers/dead-letter-store.ts'
import type { WireMessage } from '../protocol/message.ts'
import { historyHeader, lossesHeader } from '../worker/finish/history.ts'
import { takePages } from './take-pages.ts'
import { isOfLetter, Unsent } from './unsent.ts'

/** Says which task a replayed one was before it died: a header of this package's own, which Python carries along. */
const replayedFromHeader = 'replayed_from'

/**
 * Says which replay of all sent a message: it leaves those of its own that die again, though the clock of their worker
 * may be behind and tell that they died before it began.
 */
const replayHeader = 'replay_id'

/** Letters of one page that are on their way at a time. */
const atOnce = 100

/** A dead letter that was sent again. */
export interface Replayed {
  letter: DeadLetter
  /**
   * The id it runs under now. Undefined for a message without an id, which goes back as it came; `replayAll` adds a
   * header to it, `replay_id`, by which it leaves those of its own that die again.
   */
  taskId: string | undefined
  /**
   * Told by `replay`: the letter was gone when it was to be removed, as somebody else has replayed it too, under the
   * same id, or has dropped it. Of `replayAll`, which removes many at once, only their number is known.
   */
  wasGone?: boolean
}

/**
 * Sends a dead letter's message to its queue again, as a new task linked to the old one by `replayed_from`, with all
 * its retries before it and without its old ETA and expiry, and then removes the letter. Should the process die
 * between the two, the letter is still there: a second replay runs the task twice, and loses it never. So do two replays
 * at once; but each replay of a letter gives the task the same id.
 * @returns undefined when there is no such letter
 * @throws CeleryError `UNROUTABLE` when its queue is gone, `BROKER_UNAVAILABLE`; the letter stays
 */
export async function replay(app: AppCore, letterId: string): Promise<Replayed | undefined> {
  const { deadLetters } = await app.broker()
  const letter = await deadLetters.get(letterId)
  if (!letter) return undefined
  const replayed = await sendAgain(app, letter)
  const removed = await deadLetters.remove([letter.id])
  return { ...replayed, wasGone: removed === 0 }
}

/**
 * Replays all that the query finds, oldest first, a page at a time. Those that die while it runs are left, and so are
 * those that cannot be sent, whose queue is gone for instance.
 * @returns how many of them were gone when they were to be removed: replayed by somebody else too, or dropped
 * @throws CeleryError that names the first of those that could not be sent, once all others are sent and removed; at
 * once when it is the broker that fails
 */
export async function* replayAll(
  app: AppCore,
  query: DeadLetterQuery = {},
): AsyncGenerator<Replayed, number> {
  const { deadLetters } = await app.broker()
  const replayId = app.options.newId()
  const unsent = new Unsent()
  const isLeft = ({ id, message }: DeadLetter) => message.headers[replayHeader] === replayId || unsent.has(id)
  let gone = 0
  try {
    for await (const letters of takePages(app, query, isLeft)) {
      const { replayed, end } = await sendEach(app, letters, { [replayHeader]: replayId }, unsent)
      gone += replayed.length - (await deadLetters.remove(replayed.map(({ letter }) => letter.id)))
      yield* replayed
      if (end) throw end.error
    }
  } catch (error) {
    throw unsent.before(error)
  }
  unsent.throwIfAny(gone)
  return gone
}

/**
 * What was sent must be known even when others of its page could not be: else it would be sent again.
 * @returns with `end` when the broker failed, after which no more were tried
 */
async function sendEach(
  app: AppCore,
  letters: DeadLetter[],
  headers: WireMessage['headers'],
  unsent: Unsent,
): Promise<{ replayed: Replayed[]; end?: { error: unknown } }> {
  const replayed: Replayed[] = []
  try {
    await forEachBounded(letters, atOnce, async (letter) => {
      try {
        replayed.push(await sendAgain(app, letter, headers))
      } catch (error) {
        if (!isOfLetter(error)) throw error
        unsent.add(letter.id, error, letter.queue)
      }
    })
    return { replayed }
  } catch (error) {
    return { replayed, end: { error } }
  }
}

async function sendAgain(
  app: AppCore,
  letter: DeadLetter,
  headers: WireMessage['headers'] = {},
): Promise<Replayed> {
  const broker = await app.broker()
  const taskId = letter.taskId === undefined ? undefined : replayedId(letter)
  const message = taskId === undefined ? letter.message : asNewTask(letter.message, taskId)
  const marked = { ...message, headers: { ...message.headers, ...headers } }
  // It came from that queue, so that is there; with which arguments it was declared, not every app knows.
  await broker.publish(marked, { exchange: '', routingKey: letter.queue })
  return { letter, taskId }
}

/**
 * The same for each replay of a letter, so that what its task does, keyed by the task's id, is done once though two
 * replay it at the same time: a UUID of version 8 (RFC 9562), made from a hash of the letter's id.
 */
function replayedId({ id }: DeadLetter): string {
  const hex = createHash('sha256').update(`replay of ${id}`).digest('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

function asNewTask(message: WireMessage, taskId: string): WireMessage {
  // A replay begins without what befell the task: with its losses, it would be a dead letter again at once.
  const { [historyHeader]: _history, [lossesHeader]: _losses, ...headers } = message.headers
  const { expiration: _expiration, ...properties } = message.properties
  const oldId = headers.id
  return {
    ...message,
    headers: {
      ...headers,
      id: taskId,
      root_id: headers.root_id === oldId ? taskId : headers.root_id,
      retries: 0,
      eta: null,
      expires: null,
      [replayedFromHeader]: oldId,
    },
    properties: { ...properties, correlationId: taskId },
  }
}
