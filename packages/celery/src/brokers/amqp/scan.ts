import type { Channel, ConsumeMessage } from 'amqplib'
import { replyCode, unavailable } from './errors.ts'
import type { Link } from './link.ts'
import { closeChannel } from './standing-channel.ts'
import { within } from './within.ts'

/** What to do with a message: leave it where it is, take it out, or leave it and look no further. */
export type Verdict = 'keep' | 'remove' | 'enough'

/** Seconds that one look through a queue may take. */
const scanTimeout = 30
/** Seconds in which a channel must be closed. */
const closeTimeout = 2

/**
 * Looks through the first `most` messages of a queue, oldest first, and leaves them where they were, but for those
 * that are to be removed. Only one can look at a time: the others wait.
 */
export async function scanQueue(
  link: Link,
  queue: string,
  most: number,
  visit: (message: ConsumeMessage) => Verdict,
): Promise<void> {
  const deadline = Date.now() + scanTimeout * 1_000
  const left = () => (deadline - Date.now()) / 1_000
  const tooLate = () => unavailable(`Looking through the queue ${queue} took longer than ${scanTimeout} s`)
  const model = await within(left(), link.connected(), tooLate)
  for (;;) {
    const channel = await within(left(), model.createChannel(), tooLate)
    const gone = goneOf(channel)
    try {
      return await within(left(), Promise.race([scanOn(channel, queue, most, visit), gone]), tooLate)
    } catch (error) {
      // Another looks through it now.
      if (replyCode(error) !== 403 || left() <= 0) throw error
      await new Promise((resolve) => setTimeout(resolve, 20 + Math.random() * 80))
    } finally {
      // Closing ends the exclusive consumer and puts everything back in one step, before it is answered.
      await within(closeTimeout, closeChannel(channel), tooLate).catch(() => {})
    }
  }
}

function goneOf(channel: Channel): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>()
  promise.catch(() => {})
  channel.on('error', reject)
  channel.on('close', () => reject(unavailable('The connection to RabbitMQ was lost')))
  return promise
}

async function scanOn(
  channel: Channel,
  queue: string,
  most: number,
  visit: (message: ConsumeMessage) => Verdict,
): Promise<void> {
  const { messageCount } = await channel.checkQueue(queue)
  let left = Math.min(messageCount, most)
  if (left === 0) return
  const { promise: seen, resolve } = Promise.withResolvers<void>()
  const onMessage = (message: ConsumeMessage | null) => {
    if (left === 0 || !message) return resolve()
    const verdict = visit(message)
    if (verdict === 'remove') channel.ack(message)
    left = verdict === 'enough' ? 0 : left - 1
    if (left === 0) resolve()
  }
  await channel.prefetch(left, false)
  await channel.consume(queue, onMessage, { exclusive: true })
  await seen
}
