import { CeleryError } from '../../errors.ts'
import { defaultLog } from '../../log.ts'
import { type Checks, checkOptions } from '../../options/check.ts'
import { anyText } from '../../options/kinds.ts'
import type { WireMessage } from '../../protocol/message.ts'
import { checkPrefetch, refuseTransaction, unroutable } from '../options.ts'
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
import { MemoryConsumer } from './consumer.ts'
import type { MemoryDeadLetters } from './dead-letters.ts'
import { MemoryServer } from './server.ts'
import type { StoredMessage } from './stored-message.ts'

/** Which broker of this process it is. */
export interface MemoryBrokerOptions {
  /**
   * Brokers of one name share queues and messages, for as long as the process lives; one without a name has its own.
   * It is what stands after `memory:` in the URL.
   */
  name?: string
}

const checks: Checks<MemoryBrokerOptions> = { name: anyText }

const named = new Map<string, MemoryServer>()

/**
 * A broker within this process: for tests, and for programs that need no other process. Nothing outlives the
 * process. Higher priorities go first, as on RabbitMQ, and every queue knows them.
 * @throws CeleryError `BAD_OPTION`
 */
export function createMemoryBroker(options: MemoryBrokerOptions = {}): Broker {
  checkOptions(options, checks, 'createMemoryBroker')
  const { name = '' } = options
  return new MemoryBroker(name, serverOf(name))
}

function serverOf(name: string): MemoryServer {
  if (name === '') return new MemoryServer()
  const server = named.get(name) ?? new MemoryServer()
  named.set(name, server)
  return server
}

class MemoryBroker implements Broker {
  readonly kind = 'memory'
  readonly deadLetters: MemoryDeadLetters
  readonly #name: string
  readonly #server: MemoryServer
  readonly #consumers = new Set<MemoryConsumer>()
  readonly #listenings = new Set<() => void>()
  readonly #watchers = new Watchers(defaultLog)
  #state: BrokerState = 'closed'

  constructor(name: string, server: MemoryServer) {
    this.#name = name
    this.#server = server
    this.deadLetters = server.deadLetters
  }

  get state(): BrokerState {
    return this.#state
  }

  async open(): Promise<void> {
    if (this.#state === 'open') return
    this.#server.enter()
    this.#become('open')
  }

  async close(): Promise<void> {
    if (this.#state === 'closed') return
    for (const consumer of this.#consumers) consumer.close()
    for (const stop of this.#listenings) stop()
    this.#consumers.clear()
    this.#listenings.clear()
    this.#server.leave()
    this.#become('closed')
  }

  watch(listener: Watcher): () => void {
    return this.#watchers.add(listener)
  }

  describe(): BrokerDescription {
    return {
      transport: 'memory',
      hostname: 'localhost',
      port: null,
      userid: null,
      virtual_host: this.#name || '/',
      ssl: false,
    }
  }

  async declare(queue: QueueDeclaration): Promise<void> {
    this.#open().declareQueue(queue)
  }

  async publish(message: WireMessage, to: Destination, options: PublishOptions = {}): Promise<void> {
    const server = this.#open()
    refuseTransaction(options)
    if (to.declare) server.declareQueue(to.declare)
    const reached = server.route(message, to.exchange, to.routingKey, options.notBefore)
    if (reached === 0) throw unroutable(to)
  }

  async consume(queue: QueueDeclaration, options: ConsumeOptions): Promise<Consumption> {
    const server = this.#open()
    checkPrefetch(options.prefetch)
    const consumer = new MemoryConsumer(server, server.declareQueue(queue), options, () =>
      this.#consumers.delete(consumer),
    )
    this.#consumers.add(consumer)
    return consumer
  }

  async depth(name: string): Promise<QueueDepth | undefined> {
    const queue = this.#open().queue(name)
    return queue && { messages: queue.size, consumers: queue.consumers }
  }

  async purge(name: string): Promise<number> {
    return this.#open().queue(name)?.purge() ?? 0
  }

  async cast(message: WireMessage, to: CastDestination): Promise<void> {
    if (this.#state !== 'open') return
    this.#server.declareExchange(to.exchange.name, to.exchange.type)
    this.#server.route(message, to.exchange.name, to.routingKey)
  }

  async listen({ exchange, routingKey, onMessage }: ListenOptions): Promise<Listening> {
    let isStopped = false
    const add = (stored: StoredMessage) => {
      setImmediate(() => {
        if (!isStopped) onMessage(stored.message, stored.routingKey)
      })
    }
    const unbind = this.#open().listen(exchange, routingKey, { add })
    const stop = () => {
      isStopped = true
      unbind()
      this.#listenings.delete(stop)
    }
    this.#listenings.add(stop)
    return { stop: async () => stop() }
  }

  listeners(exchange: string): number {
    return this.#server.listeners(exchange)
  }

  #open(): MemoryServer {
    if (this.#state === 'open') return this.#server
    throw new CeleryError('CLOSED', 'The memory broker is not open: call open() first.')
  }

  #become(state: BrokerState): void {
    this.#state = state
    this.#watchers.tell(state)
  }
}
