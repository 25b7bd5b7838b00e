import type { Channel } from 'amqplib'
import { CeleryError } from '../../errors.ts'
import { delayBits, delayedBinding, delayedDelivery, delayedLevel } from './delay-key.ts'
import { refusal } from './errors.ts'

/**
 * Declares the exchanges and queues through which delayed messages fall, exactly as kombu 5.7 does, so that both
 * sides use the same ones.
 * @throws CeleryError `BAD_OPTION` when they are there with queues of the other type
 */
export async function declareDelayLevels(channel: Channel, queueType: 'quorum' | 'classic'): Promise<void> {
  try {
    for (let level = 0; level < delayBits; level++) await channel.assertExchange(delayedLevel(level), 'topic')
    await channel.assertExchange(delayedDelivery, 'topic')
    for (let level = delayBits - 1; level >= 0; level--) await declareLevel(channel, level, queueType)
  } catch (error) {
    const refused = refusal('the queues celery_delayed_*', error)
    if (refused.code !== 'BAD_OPTION') throw refused
    const other = queueType === 'quorum' ? 'classic' : 'quorum'
    const hint = `If Python’s broker_native_delayed_delivery_queue_type is ${other}, set delayedQueueType to ${other}.`
    throw new CeleryError('BAD_OPTION', `${refused.message} ${hint}`, { cause: error })
  }
}

async function declareLevel(channel: Channel, level: number, queueType: 'quorum' | 'classic'): Promise<void> {
  const name = delayedLevel(level)
  const next = level > 0 ? delayedLevel(level - 1) : delayedDelivery
  const above = '*.'.repeat(delayBits - 1 - level)
  await channel.assertQueue(name, {
    durable: true,
    arguments: {
      'x-queue-type': queueType,
      'x-overflow': 'reject-publish',
      'x-message-ttl': 2 ** level * 1_000,
      'x-dead-letter-exchange': next,
      ...(queueType === 'quorum' && { 'x-dead-letter-strategy': 'at-least-once' }),
    },
  })
  await channel.bindQueue(name, name, `${above}1.#`)
  await channel.bindExchange(next, name, `${above}0.#`)
}

/** @throws what amqplib tells of a 404 when no message was ever parked at this RabbitMQ, and ends the channel */
export async function checkDelivery(channel: Channel): Promise<void> {
  await channel.checkExchange(delayedDelivery)
}

/** Makes what is parked for this queue come back to it. */
export async function bindToDelivery(channel: Channel, queue: string): Promise<void> {
  try {
    await channel.bindQueue(queue, delayedDelivery, delayedBinding(queue))
  } catch (error) {
    throw refusal(`the queue ${queue}`, error)
  }
}
