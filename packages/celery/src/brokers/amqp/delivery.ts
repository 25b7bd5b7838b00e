import type { ConsumeMessage, Options } from 'amqplib'
import { atMost } from '../../async/within.ts'
import type { WireMessage } from '../../protocol/message.ts'
import type { Delivery, QueueDeclaration } from '../port.ts'
import { isDelayedKey, keyBeforeDelay } from './delay-key.ts'
import type { DeliveryChannel } from './delivery-channel.ts'
import { fieldTable } from './field-table.ts'
import { wireMessage } from './wire.ts'

/** Parks a message of a queue: resolves when RabbitMQ has it, and rejects when it surely has not. */
export type Park = (queue: string, until: Date, body: Buffer, options: Options.Publish) => Promise<void>

/**
 * A message that came back so often to a quorum queue is sent anew rather than given back once more: before 4.3
 * RabbitMQ counts all that comes back, begun or not, and drops it after 20 times.
 */
const mostReturns = 10
/** Seconds for which whoever gives it back waits for that: it may be a worker that stops. */
const anewTimeout = 3

export class AmqpDelivery implements Delivery {
  readonly message: WireMessage
  readonly queue: string
  readonly exchange: string
  readonly routingKey: string
  readonly redelivered: boolean
  readonly #raw: ConsumeMessage
  readonly #channel: DeliveryChannel
  readonly #park: Park
  #isSettled = false

  constructor(raw: ConsumeMessage, queue: QueueDeclaration, channel: DeliveryChannel, park: Park) {
    const { fields } = raw
    this.message = wireMessage(raw)
    this.queue = queue.name
    this.exchange = fields.exchange
    this.routingKey = fields.routingKey
    this.redelivered = fields.redelivered
    this.#raw = raw
    this.#channel = channel
    this.#park = park
    if (!isDelayedKey(fields.routingKey)) return
    // As if it had come the way that others come to this queue.
    this.exchange = queue.exchange?.name ?? queue.name
    this.routingKey = keyBeforeDelay(fields.routingKey) ?? queue.routingKey ?? queue.name
  }

  get isLost(): boolean {
    return this.#channel.isLost
  }

  /** Quorum queues count how often a message came back: before RabbitMQ 4.3 also what was put back on purpose. */
  async countStart(): Promise<number | undefined> {
    const count: unknown = this.#raw.properties.headers?.['x-delivery-count']
    return typeof count === 'number' ? count : undefined
  }

  ack(): Promise<void> {
    if (this.#settle()) this.#channel.ack(this.#raw.fields.deliveryTag)
    return done
  }

  async ackFirst(): Promise<boolean> {
    return this.#settle() && (await this.#channel.ackFirst(this.#raw.fields.deliveryTag))
  }

  async requeue(): Promise<void> {
    if (this.#isNearLimit()) await atMost(anewTimeout, this.#sendAnew())
    else this.#giveBack()
  }

  discard(): Promise<void> {
    if (this.#settle()) this.#channel.discard(this.#raw.fields.deliveryTag)
    return done
  }

  /** Rejects when RabbitMQ does not take it: then it is as it was before, and is to be settled otherwise. */
  async delay(until: Date, headers = this.message.headers): Promise<void> {
    if (!this.#settle()) return
    try {
      await this.#park(this.queue, until, this.#raw.content, this.#parkOptions(headers))
    } catch (error) {
      this.#isSettled = false
      throw error
    }
    // Lost meanwhile, it comes again as well as the parked one: twice, but not never.
    if (!this.#channel.isLost) await this.#channel.ackFirst(this.#raw.fields.deliveryTag)
  }

  /** What cannot be sent anew goes back as it is. While nobody knows it stays here, or there would be two of it. */
  async #sendAnew(): Promise<void> {
    await this.delay(new Date()).catch(() => this.#giveBack())
  }

  #giveBack(): void {
    if (this.#settle()) this.#channel.giveBack(this.#raw.fields.deliveryTag)
  }

  #isNearLimit(): boolean {
    const { 'x-delivery-count': count, 'x-acquired-count': acquired } = this.#raw.properties.headers ?? {}
    // RabbitMQ 4.3 tells both numbers, and what is given back counts in the second alone, which has no limit.
    return typeof count === 'number' && count >= mostReturns && acquired === undefined
  }

  #parkOptions(headers: Record<string, unknown>): Options.Publish {
    // The user id must be that of the connection that publishes; copies for CC went out when it was first published.
    const { userId: _, clusterId: __, ...properties } = this.#raw.properties
    const { CC: ___, BCC: ____, ...kept } = headers
    return { ...properties, headers: fieldTable(kept), mandatory: true }
  }

  #settle(): boolean {
    if (this.#isSettled || this.#channel.isLost) return false
    this.#isSettled = true
    return true
  }
}

const done = Promise.resolve()
