import type { Channel, ChannelModel, ConsumeMessage } from 'amqplib'
import { Deadline } from '../../async/deadline.ts'
import { Signal } from '../../async/signal.ts'
import { atMost, within } from '../../async/within.ts'
import { refusal, replyCode, unavailable } from './errors.ts'
import type { Link } from './link.ts'
import { closeChannel } from './standing-channel.ts'

/** What to do with a message: leave it where it is, take it out, or leave it and look no further. */
export type Verdict = 'keep' | 'remove' | 'enough'

/** Seconds that one look through a queue may take. */
const scanTimeout = 30
/** Seconds in which the lock must be given back. */
const releaseTimeout = 2
/** How many messages RabbitMQ sends ahead: bodies that are on their way for nothing once enough was seen. */
const windowSize = 100
/** Seconds without a message after which RabbitMQ is asked whether there are any more. */
const quietAfter = 0.25

type Bounded = <T>(work: Promise<T>) => Promise<T>

/**
 * Looks through the first `most` messages of a queue, oldest first, and leaves them where they were, but for those
 * that are to be removed. Only one connection can look at a time, as it has all messages meanwhile: the others wait.
 * @param timeout seconds
 */
export async function scanQueue(
  link: Pick<Link, 'connected'>,
  queue: string,
  most: number,
  visit: (message: ConsumeMessage) => Verdict,
  timeout = scanTimeout,
): Promise<void> {
  const deadline = new Deadline(timeout)
  const tooLate = () => unavailable(`Looking through the queue ${queue} took longer than ${timeout} s`)
  const bounded: Bounded = (work) => within(deadline.left, work, tooLate)
  const model = await bounded(link.connected())
  const locking = takeLock(model, `${queue}.lock`, deadline)
  const lock = await bounded(locking).catch((error: unknown) => {
    // It may come yet.
    locking.then(({ release }) => release()).catch(() => {})
    throw error
  })
  try {
    await withChannel(model, bounded, (channel) => scanOn(channel, queue, most, visit))
  } finally {
    await atMost(releaseTimeout, lock.release()).catch(() => {})
  }
}

/** A queue that one connection has for itself: RabbitMQ removes it when that connection is gone. */
async function takeLock(
  model: ChannelModel,
  name: string,
  deadline: Deadline,
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
      if (replyCode(error) !== 405 || deadline.isOver) throw refusal(`the queue ${name}`, error)
    }
    await new Promise((resolve) => setTimeout(resolve, 20 + Math.random() * 80))
  }
}

/** However the work ends, too late or not, the channel is closed: until then nobody else has what it took. */
async function withChannel(
  model: ChannelModel,
  bounded: Bounded,
  work: (channel: Channel) => Promise<void>,
): Promise<void> {
  const opening = model.createChannel()
  const channel = await bounded(opening).catch((error: unknown) => {
    // It may come yet.
    opening.then(closeChannel).catch(() => {})
    throw error
  })
  const { promise: gone, reject } = Promise.withResolvers<never>()
  channel.on('error', reject)
  channel.on('close', () => reject(unavailable('The connection to RabbitMQ was lost')))
  try {
    await bounded(Promise.race([work(channel), gone]))
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
  const look: Look = {
    left: Math.min(messageCount, most),
    see(message) {
      if (look.left === 0) return
      const verdict = visit(message)
      if (verdict === 'remove') channel.ack(message)
      look.left = verdict === 'enough' ? 0 : look.left - 1
    },
  }
  let isMore = true
  while (isMore && look.left > 0) isMore = await takeWindow(channel, queue, look)
}

interface Look {
  /** So many more are to be seen. */
  left: number
  see(message: ConsumeMessage): void
}

/** Sees the next messages, and keeps them. False when there are no more: others may have taken some meanwhile. */
async function takeWindow(channel: Channel, queue: string, look: Look): Promise<boolean> {
  const news = new Signal()
  const rest = Math.max(0, look.left - windowSize)
  let isDeleted = false
  await channel.prefetch(look.left - rest, false)
  const { consumerTag } = await channel.consume(queue, (message) => {
    if (message) look.see(message)
    else isDeleted = true
    news.set()
  })
  while (look.left > rest && !isDeleted) {
    if (await news.wait(quietAfter)) continue
    const before = look.left
    const { messageCount } = await channel.checkQueue(queue)
    if (messageCount === 0 && look.left === before) break
  }
  // RabbitMQ does not count what it delivered to a subscription that has ended: the next window is as large.
  await channel.cancel(consumerTag)
  return look.left <= rest && !isDeleted
}
