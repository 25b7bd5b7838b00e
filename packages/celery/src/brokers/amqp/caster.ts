import type { Channel } from 'amqplib'
import { CeleryError } from '../../errors.ts'
import type { Log } from '../../log.ts'
import type { WireMessage } from '../../protocol/message.ts'
import type { CastDestination } from '../port.ts'
import type { Admin } from './admin.ts'
import { declareExchange, isDurableCast } from './declarations.ts'
import type { Link } from './link.ts'
import { checkPlace } from './short-text.ts'
import { StandingChannel } from './standing-channel.ts'
import { publishOptions } from './wire.ts'

/** Exchanges that were declared: more than a program casts to. */
const mostExchanges = 1_000

/** Sends without a confirm, and drops what cannot be sent now. */
export class Caster {
  readonly #link: Link
  readonly #admin: Admin
  readonly #standing: StandingChannel<Channel>
  readonly #declared = new Set<string>()
  #channel: Channel | undefined
  #isFull = false

  constructor(link: Link, admin: Admin, log: Log) {
    this.#link = link
    this.#admin = admin
    this.#standing = new StandingChannel(link, {
      name: 'events and remote control',
      log,
      open: (model) => model.createChannel(),
      setUp: async (channel) => this.#use(channel),
      lost: () => this.#lose(),
    })
  }

  start(): Promise<void> {
    return this.#standing.start()
  }

  stop(): Promise<void> {
    return this.#standing.stop()
  }

  async cast(message: WireMessage, { exchange, routingKey, ttl }: CastDestination): Promise<void> {
    if (!this.#canSend()) return
    checkPlace(exchange.name, routingKey)
    if (!this.#declared.has(exchange.name)) await this.#declare(exchange)
    const channel = this.#channel
    if (!channel || !this.#canSend()) return
    const options = publishOptions(message)
    options.mandatory = false
    options.deliveryMode = message.properties.deliveryMode ?? 1
    if (ttl !== undefined) options.expiration = String(Math.ceil(ttl * 1_000))
    try {
      this.#isFull = !channel.publish(exchange.name, routingKey, message.body, options)
    } catch (error) {
      // The connection is closing.
      if (!(error instanceof Error && error.name === 'IllegalOperationError')) throw error
    }
  }

  async #declare({ name, type }: CastDestination['exchange']): Promise<void> {
    try {
      await this.#admin.run((channel) => declareExchange(channel, name, type, isDurableCast(type)))
      if (this.#declared.size >= mostExchanges) this.#declared.clear()
      this.#declared.add(name)
    } catch (error) {
      // Without a connection the message is worth nothing; an exchange of another type is a mistake to be told.
      if (error instanceof CeleryError && error.code === 'BAD_OPTION') throw error
    }
  }

  #canSend(): boolean {
    return this.#channel !== undefined && !this.#isFull && !this.#link.isBlocked
  }

  #use(channel: Channel): void {
    this.#isFull = false
    channel.on('drain', () => {
      this.#isFull = false
    })
    this.#channel = channel
  }

  #lose(): void {
    this.#channel = undefined
    this.#declared.clear()
  }
}
