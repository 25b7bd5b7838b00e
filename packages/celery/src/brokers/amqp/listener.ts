import type { Channel, ConsumeMessage } from 'amqplib'
import type { Log } from '../../log.ts'
import type { Listening, ListenOptions } from '../port.ts'
import { declareExchange, type ExchangeType, isDurableCast } from './declarations.ts'
import { refusal } from './errors.ts'
import type { Link } from './link.ts'
import { checkShort } from './short-text.ts'
import { closeChannel, StandingChannel } from './standing-channel.ts'
import { wireMessage } from './wire.ts'

/** Messages that wait unread in the queue; older ones are dropped. */
const mostUnread = 10_000

/** Milliseconds, as Celery declares these queues: `control_queue_*` and `event_queue_*`. */
const queueArguments: Record<ExchangeType, Record<string, number>> = {
  fanout: { 'x-expires': 10_000, 'x-message-ttl': 300_000 },
  direct: { 'x-expires': 10_000 },
  topic: { 'x-expires': 60_000, 'x-message-ttl': 5_000 },
}

/**
 * Listens through a queue that is exclusive to the connection, as kombu 5.7 declares it: RabbitMQ 4 has no other
 * queues that are not durable. It is made anew with every connection.
 */
export class AmqpListener implements Listening {
  readonly #options: ListenOptions
  readonly #standing: StandingChannel<Channel>
  #isStopped = false

  constructor(link: Link, options: ListenOptions, log: Log) {
    this.#options = options
    this.#standing = new StandingChannel(link, {
      name: `the queue ${options.queue}`,
      log,
      open: (model) => model.createChannel(),
      setUp: (channel) => this.#begin(channel),
    })
  }

  start(): Promise<void> {
    return this.#standing.start()
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    await this.#standing.stop()
  }

  async #begin(channel: Channel): Promise<void> {
    const { exchange, routingKey, queue } = this.#options
    checkShort('The queue', queue)
    await declareExchange(channel, exchange.name, exchange.type, isDurableCast(exchange.type))
    try {
      await channel.assertQueue(queue, {
        durable: false,
        exclusive: true,
        autoDelete: true,
        arguments: { ...queueArguments[exchange.type], 'x-max-length': mostUnread },
      })
      await channel.bindQueue(queue, exchange.name, routingKey)
      await channel.consume(queue, (message) => this.#receive(channel, message), { noAck: true })
    } catch (error) {
      throw refusal(`the queue ${queue}`, error)
    }
  }

  #receive(channel: Channel, message: ConsumeMessage | null): void {
    if (this.#isStopped) return
    if (message) this.#options.onMessage(wireMessage(message), message.fields.routingKey)
    // RabbitMQ has deleted the queue: with a new channel it is made again.
    else void closeChannel(channel)
  }
}
