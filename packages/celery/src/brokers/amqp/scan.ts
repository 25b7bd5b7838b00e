import type { Channel, ChannelModel, ConsumeMessage } from 'amqplib'
import { atMost, within } from '../../async/within.ts'
import type { CeleryError } from '../../errors.ts'
import { refusal, replyCode, unavailable } from './errors.ts'
import type { Link } from './link.ts'
import { closeChannel } from './standing-channel.ts'

/** What to do with a message: leave it where it is, take it out, or leave it and look no further. */
export type Verdict = 'keep' | 'remove' | 'enough'

/** Seconds that one look through a queue may take. */
const scanTimeout = 30
/** Seconds in which a channel must be closed. */
const closeTimeout = 2

/**
 * Looks through the first `most` messages of a queue, oldest first, and leaves them where they were, but for those
 * that are to be removed. Only one connection can look at a time, as it has all messages meanwhile: the others wait.
 */
export async function scanQueue(
  link: Link,
  queue: string,
  most: number,
  visit: (message: ConsumeMessage) => Verdict,
): Promise<void> {
  const deadline = Date.now() + scanTimeout * 1_000
  const bounded = <T>(work: Promise<T>) => within((deadline - Date.now()) / 1_000, work, () => tooLate(queue))
  const model = await bounded(link.connected())
  const locking = takeLock(model, `${queue}.lock`, deadline)
  const lock = await bounded(locking).catch((error: unknown) => {
    // It may come yet.
    locking.then(({ release }) => release()).catch(() => {})
    throw error
  })
  try {
    await bounded(withChannel(model, (channel) => scanOn(channel, queue, most, visit)))
  } finally {
    await atMost(closeTimeout, lock.release()).catch(() => {})
  }
}

function tooLate(queue: string): CeleryError {
  return unavailable(`Looking through the queue ${queue} took longer than ${scanTimeout} s`)
}

/** A queue that one connection has for itself: RabbitMQ removes it when that connection is gone. */
async function takeLock(
  model: ChannelModel,
  name: string,
  deadline: number,
): Promise<{ release(): Promise<void> }> {
  for (;;) {
    const channel = await model.createChannel()
    channel.on('error', () => {
      // The declaration rejects with it.
    })
    try {
      await channel.assertQueue(name, { durable: false, exclusive: true })
      const release = async () => {
        await channel.deleteQueue(name)
        await closeChannel(channel)
      }
      return { release }
    } catch (error) {
      // Another looks through it now.
      if (replyCode(error) !== 405 || Date.now() >= deadline) throw refusal(`the queue ${name}`, error)
    }
    await new Promise((resolve) => setTimeout(resolve, 20 + Math.random() * 80))
  }
}

async function withChannel(model: ChannelModel, work: (channel: Channel) => Promise<void>): Promise<void> {
  const channel = await model.createChannel()
  const { promise: gone, reject } = Promise.withResolvers<never>()
  channel.on('error', reject)
  channel.on('close', () => reject(unavailable('The connection to RabbitMQ was lost')))
  try {
    await Promise.race([work(channel), gone])
  } finally {
    // Closing puts everything back before it is answered, which a requeue followed by another request does not.
    await closeChannel(channel)
  }
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
  await channel.consume(queue, onMessage)
  await seen
}
