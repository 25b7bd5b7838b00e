import type { Channel } from 'amqplib'
import { Deadline } from '../../async/deadline.ts'
import { atMost, within } from '../../async/within.ts'
import { CeleryError } from '../../errors.ts'
import type { WireMessage } from '../../protocol/message.ts'
import { refuseTransaction } from '../options.ts'
import type {
  BrokerState,
  CastDestination,
  ConsumeOptions,
  Consumption,
  Destination,
  Listening,
  ListenOptions,
  PublishOptions,
  QueueDeclaration,
  QueueDepth,
} from '../port.ts'
import { Admin } from './admin.ts'
import { Caster } from './caster.ts'
import { AmqpConsumer } from './consumer.ts'
import { AmqpDeadLetters } from './dead-letters.ts'
import { Delays } from './delays.ts'
import { closed, unavailable } from './errors.ts'
import { Link } from './link.ts'
import { AmqpListener } from './listener.ts'
import type { AmqpSettings } from './options.ts'
import { Publisher } from './publisher.ts'
import { depthOf, purgeQueue, Queues } from './queues.ts'
import { checkPlace } from './short-text.ts'
import type { AmqpServer } from './url.ts'
import { publishOptions } from './wire.ts'

/** Seconds in which a consumer must be set up, and in which all channels must be closed. */
const startTimeout = 30
const stopTimeout = 2
/** Seconds until the message that takes the place of a delivery must be written. */
const parkTimeout = 30

/**
 * A broker from its opening to its closing. Two connections: RabbitMQ stops reading from one that publishes too
 * much, and acknowledgements must not wait behind that. The second is made when something is first consumed.
 */
export class Session {
  readonly deadLetters: AmqpDeadLetters
  readonly #settings: AmqpSettings
  readonly #publishing: Link
  readonly #consuming: Link
  readonly #publisher: Publisher
  readonly #caster: Caster
  readonly #declaring: Admin
  readonly #asking: Admin
  readonly #queues: Queues
  readonly #delays: Delays
  readonly #consumers = new Set<AmqpConsumer>()
  readonly #listeners = new Set<AmqpListener>()
  #isClosing = false
  /** Which the queues were declared over. */
  #connection: Channel['connection'] | undefined

  constructor(servers: AmqpServer[], settings: AmqpSettings, onChange: (error?: Error) => void) {
    const { log } = settings
    this.#settings = settings
    this.#publishing = new Link(servers, settings, 'publishing', onChange)
    this.#consuming = new Link(servers, settings, 'consuming', onChange)
    this.#declaring = new Admin(this.#publishing)
    this.#asking = new Admin(this.#consuming)
    this.#queues = new Queues(this.#declaring, log)
    this.#publisher = new Publisher(this.#publishing, log, (channel, waiting) =>
      this.#prepareAgain(channel, waiting),
    )
    this.#caster = new Caster(this.#publishing, this.#declaring, log)
    this.#delays = new Delays(this.#publisher, this.#declaring, this.#publishing, settings.delayedQueueType)
    this.deadLetters = new AmqpDeadLetters(
      settings.deadLetterQueue,
      this.#publisher,
      this.#declaring,
      this.#publishing,
      log,
    )
  }

  get state(): Exclude<BrokerState, 'closed'> {
    const isLost =
      !this.#publishing.isConnected || (this.#consuming.isStarted && !this.#consuming.isConnected)
    return isLost ? 'reconnecting' : 'open'
  }

  async open(): Promise<void> {
    await this.#publishing.start()
    await within(startTimeout, Promise.all([this.#publisher.start(), this.#caster.start()]), () =>
      unavailable('RabbitMQ did not open a channel in time'),
    )
  }

  async close(): Promise<void> {
    this.#isClosing = true
    await this.#publisher.drain(stopTimeout)
    const parts = [...this.#consumers, ...this.#listeners, this.#publisher, this.#caster]
    const stopping = Promise.all(parts.map((part) => part.stop()))
    // The connections end nonetheless, and all channels with them.
    await atMost(stopTimeout, stopping).catch(() => {})
    await Promise.all([this.#consuming.stop(), this.#publishing.stop()])
  }

  async declare(queue: QueueDeclaration): Promise<void> {
    await this.#queues.ensure(queue)
  }

  async publish(message: WireMessage, to: Destination, options: PublishOptions): Promise<void> {
    refuseTransaction(options)
    const { notBefore, timeout = 10 } = options
    const deadline = new Deadline(timeout)
    const properties = publishOptions(message)
    checkPlace(to.exchange, to.routingKey)
    const preparing = this.#queues.prepare(to)
    if (preparing)
      await within(timeout, preparing, () =>
        unavailable('RabbitMQ could not be reached in time', this.#publishing.failure),
      )
    const { left } = deadline
    if (notBefore) return this.#delays.park(queueOf(to), notBefore, message.body, properties, left)
    return this.#publisher.publish(to.exchange, to.routingKey, message.body, properties, left)
  }

  async consume(queue: QueueDeclaration, options: ConsumeOptions): Promise<Consumption> {
    const consumer = new AmqpConsumer(this.#consuming, queue, options, {
      log: this.#settings.log,
      park: (name, until, body, properties) =>
        this.#delays.park(name, until, body, properties, parkTimeout, true),
      serve: (name) => this.#delays.serve(name, this.#asking),
      ended: () => this.#consumers.delete(consumer),
    })
    await this.#begin(consumer, this.#consumers)
    return consumer
  }

  async listen(options: ListenOptions): Promise<Listening> {
    checkPlace(options.exchange.name, options.routingKey)
    const listener = new AmqpListener(this.#consuming, options, this.#settings.log)
    await this.#begin(listener, this.#listeners)
    const stop = async () => {
      this.#listeners.delete(listener)
      await listener.stop()
    }
    return { stop }
  }

  depth(queue: string): Promise<QueueDepth | undefined> {
    return depthOf(this.#admin(), queue)
  }

  purge(queue: string): Promise<number> {
    return purgeQueue(this.#admin(), queue)
  }

  cast(message: WireMessage, to: CastDestination): Promise<void> {
    return this.#caster.cast(message, to)
  }

  /** RabbitMQ may have stopped reading from the connection that publishes. */
  #admin(): Admin {
    return this.#consuming.isConnected ? this.#asking : this.#declaring
  }

  async #begin<T extends { start(): Promise<void>; stop(): Promise<void> }>(
    part: T,
    all: Set<T>,
  ): Promise<void> {
    await this.#consuming.start()
    if (this.#isClosing) throw closed()
    all.add(part)
    try {
      await within(startTimeout, part.start(), () =>
        unavailable('RabbitMQ could not be reached in time', this.#consuming.failure),
      )
    } catch (error) {
      all.delete(part)
      await part.stop()
      throw this.#isClosing ? closed() : error
    }
  }

  async #prepareAgain(channel: Channel, waiting: Iterable<Destination>): Promise<void> {
    const isNewConnection = channel.connection !== this.#connection
    this.#connection = channel.connection
    this.#delays.forget()
    this.deadLetters.forget()
    this.#queues.forget()
    await this.#queues.prepareAgain(waiting)
    // RabbitMQ may have come back without what was declared; those that are published to need not wait for the rest.
    if (isNewConnection) void this.#queues.declareAgain()
  }
}

/** The one queue that a message parked for this destination is to come to. */
function queueOf({ exchange, routingKey, declare }: Destination): string {
  if (declare) return declare.name
  if (exchange === '') return routingKey
  throw new CeleryError(
    'UNSUPPORTED',
    `RabbitMQ keeps a message until its time for a queue, not for the exchange ${exchange}: name the queue in ` +
      'declare, or send it now and let the worker wait.',
  )
}
