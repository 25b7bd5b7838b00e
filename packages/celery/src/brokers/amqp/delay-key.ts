import { createHash } from 'node:crypto'

/**
 * Delays as kombu 5.7 has them: a message is published to the exchange of the highest level with the seconds as 28
 * bits before its routing key, and goes down the levels, waiting in the queue of each whose bit is set.
 */
export const delayBits = 28
/** The longest delay, in seconds: eight and a half years. */
export const longestDelay = 2 ** delayBits - 1
export const delayedDelivery = 'celery_delayed_delivery'
export const delayedLevel = (level: number): string => `celery_delayed_${level}`

const prefix = new RegExp(`^(?:[01]\\.){${delayBits}}`)

/**
 * The end of our own routing keys. Python binds queues with `#.<key>`, which takes all that ends in its key: only
 * an end of its own keeps a message for the queue `a.b` from being delivered to the queue `b` as well.
 */
const ownEnd = '.celery-delayed'

/** Whole seconds from `now` to `until`: rounded down, so that it is never late, but at least one, so that it does not spin. */
export function delaySeconds(until: Date, now: number): number {
  const seconds = Math.floor((until.getTime() - now) / 1_000)
  return Math.min(Math.max(seconds, 1), longestDelay)
}

/** With what a message for this queue is published, to come back after so many seconds. */
export function delayedKey(seconds: number, queue: string): string {
  return `${[...seconds.toString(2).padStart(delayBits, '0')].join('.')}.${queueKey(queue)}`
}

/** With what the queue is bound to get what was published with `delayedKey`, and nothing else. */
export function delayedBinding(queue: string): string {
  return `${'*.'.repeat(delayBits)}${queueKey(queue)}`
}

function queueKey(queue: string): string {
  // A routing key has 255 bytes, 56 of them for the bits; and a pattern is not to be taken for one.
  const isPlain = Buffer.byteLength(queue) <= 180 && !/[*#]/.test(queue)
  return (isPlain ? queue : createHash('sha256').update(queue).digest('hex')) + ownEnd
}

/** Whether a message with this routing key was parked, by us or by a Python that uses native delayed delivery. */
export function isDelayedKey(routingKey: string): boolean {
  return routingKey.length >= 2 * delayBits && prefix.test(routingKey)
}

/** The key that Python gave a message before it was parked; undefined for our own, which name a queue instead. */
export function keyBeforeDelay(routingKey: string): string | undefined {
  return routingKey.endsWith(ownEnd) ? undefined : routingKey.replace(prefix, '')
}
