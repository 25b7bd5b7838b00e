import { checkValue } from '../../options/check.ts'
import { url as urlCheck } from '../../options/kinds.ts'
import type { WireMessage } from '../../protocol/message.ts'
import type { DeadLetterStore } from '../dead-letter-store.ts'
import type {
  Broker,
  BrokerDescription,
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
import { type Watcher, Watchers } from '../watchers.ts'
import { closed } from './errors.ts'
import { type AmqpBrokerOptions, type AmqpSettings, settingsOf } from './options.ts'
import { Session } from './session.ts'
import { type AmqpServer, describeServer, parseAmqpUrl } from './url.ts'

export type { AmqpBrokerOptions } from './options.ts'

/**
 * RabbitMQ, by a URL as Celery takes it: `amqp://USER:PASSWORD@HOST:PORT/VHOST` or `amqps://`, several with `;`
 * between them.
 *
 * - A queue is declared with just the arguments it is given, so that Python finds what it expects.
 * - What is delayed waits in kombu's `celery_delayed_*` queues, made when the first message is parked, as whole
 *   seconds; it comes back through an exchange of its own, and `exchange` and `routingKey` then are the queue's.
 * - Quorum queues count deliveries that came back (`countStart`), before RabbitMQ 4.3 on purpose or not. RabbitMQ 4
 *   drops a message, or sends it to the queue's dead-letter exchange, after 20 of them (`x-delivery-limit`): before 4.3
 *   what has come back ten times is sent anew when it is requeued, to the end of the queue.
 * - RabbitMQ closes the channel of a delivery that is not settled within `consumer_timeout` (half an hour): it is
 *   then lost for its worker (`isLost`) and delivered again.
 * @throws CeleryError `BAD_OPTION`, for options in the URL too
 */
export function createAmqpBroker(url: string, options: AmqpBrokerOptions = {}): Broker {
  checkValue(url, urlCheck, 'url', 'createAmqpBroker')
  return new AmqpBroker(parseAmqpUrl(url), settingsOf(options))
}

class AmqpBroker implements Broker {
  readonly kind = 'amqp'
  readonly deadLetters: DeadLetterStore
  readonly #servers: AmqpServer[]
  readonly #settings: AmqpSettings
  readonly #watchers: Watchers
  #state: BrokerState = 'closed'
  #session: Session | undefined
  #opening: Promise<void> | undefined
  #closing: Promise<void> | undefined

  constructor(servers: AmqpServer[], settings: AmqpSettings) {
    this.#servers = servers
    this.#settings = settings
    this.#watchers = new Watchers(settings.log)
    this.deadLetters = {
      add: async (letter) => this.#open().deadLetters.add(letter),
      list: async (query) => this.#open().deadLetters.list(query),
      get: async (id) => this.#open().deadLetters.get(id),
      remove: async (ids) => this.#open().deadLetters.remove(ids),
      count: async () => this.#open().deadLetters.count(),
    }
  }

  get state(): BrokerState {
    return this.#state
  }

  async open(): Promise<void> {
    await this.#closing
    this.#opening ??= this.#connect()
    await this.#opening
  }

  async close(): Promise<void> {
    this.#closing ??= this.#end()
    await this.#closing
    this.#closing = undefined
  }

  watch(listener: Watcher): () => void {
    return this.#watchers.add(listener)
  }

  describe(): BrokerDescription {
    const [first] = this.#servers
    if (!first) throw closed()
    return describeServer(first)
  }

  async declare(queue: QueueDeclaration): Promise<void> {
    return this.#open().declare(queue)
  }

  async publish(message: WireMessage, to: Destination, options: PublishOptions = {}): Promise<void> {
    return this.#open().publish(message, to, options)
  }

  async consume(queue: QueueDeclaration, options: ConsumeOptions): Promise<Consumption> {
    return this.#open().consume(queue, options)
  }

  async depth(queue: string): Promise<QueueDepth | undefined> {
    return this.#open().depth(queue)
  }

  async purge(queue: string): Promise<number> {
    return this.#open().purge(queue)
  }

  async cast(message: WireMessage, to: CastDestination): Promise<void> {
    return this.#session?.cast(message, to)
  }

  async listen(to: ListenOptions): Promise<Listening> {
    return this.#open().listen(to)
  }

  #open(): Session {
    if (!this.#session) throw closed()
    return this.#session
  }

  async #connect(): Promise<void> {
    const session = new Session(this.#servers, this.#settings, (error) => {
      if (this.#session === session) this.#become(session.state, error)
    })
    try {
      await session.open()
    } catch (error) {
      this.#opening = undefined
      await session.close()
      throw error
    }
    this.#session = session
    this.#become(session.state)
  }

  async #end(): Promise<void> {
    await this.#opening?.catch(() => {})
    const session = this.#session
    this.#opening = undefined
    this.#session = undefined
    await session?.close()
    this.#become('closed')
  }

  #become(state: BrokerState, error?: Error): void {
    if (state === this.#state) return
    this.#state = state
    this.#watchers.tell(state, error)
  }
}
