import { randomUUID } from 'node:crypto'
import { Deadline } from '../../async/deadline.ts'
import { atMost } from '../../async/within.ts'
import { CeleryError } from '../../errors.ts'
import { type Log, noLog } from '../../log.ts'
import type { WireMessage } from '../../protocol/message.ts'
import { RedisLink } from '../../redis/link.ts'
import type { RedisTarget } from '../../redis/target.ts'
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
import { Bindings } from './bindings.ts'
import { Casting } from './casting.ts'
import { RedisConsumer } from './consumer.ts'
import { Copies } from './copies.ts'
import { RedisDeadLetters } from './dead-letters.ts'
import { Declarations } from './declarations.ts'
import { DelayedMover } from './delayed.ts'
import { encodeDocument, priorityOf } from './document.ts'
import { warnOfEviction } from './eviction.ts'
import type { RedisBrokerOptions } from './index.ts'
import { BrokerKeys } from './keys.ts'
import { Leases } from './leases.ts'
import { Publisher } from './publisher.ts'
import { Restorer } from './restorer.ts'
import { purgeLists } from './scripts.ts'

/** Seconds that closing may take to put back what is not settled. */
const closingTime = 2
/** Milliseconds to wait for a lost connection where the caller does not say. */
const patienceMs = 10_000
/** Nothing at Redis says so, and kombu binds none of its queues. */
const fanoutHint =
  " If it is a fanout exchange, name one of its queues in the app's option queues, and send to that."

export class RedisBroker implements Broker {
  readonly kind = 'redis'
  readonly deadLetters: RedisDeadLetters
  readonly #target: RedisTarget
  readonly #link: RedisLink
  readonly #keys: BrokerKeys
  readonly #bindings: Bindings
  readonly #publisher: Publisher
  readonly #casting: Casting
  readonly #copies: Copies
  readonly #restorer: Restorer
  readonly #leases: Leases
  readonly #mover: DelayedMover
  readonly #log: Log
  readonly #watchers: Watchers
  readonly #leaseTimeout: number
  readonly #consumers = new Set<RedisConsumer>()
  readonly #declarations: Declarations
  /** Undoes what was begun since the broker was opened. */
  #closing = new AbortController()

  constructor(target: RedisTarget, options: RedisBrokerOptions) {
    const log = options.log ?? noLog
    this.#log = log
    this.#watchers = new Watchers(log)
    this.#target = target
    this.#leaseTimeout = options.leaseTimeout ?? target.options.leaseTimeout ?? 60
    this.#link = new RedisLink({
      target,
      code: 'BROKER_UNAVAILABLE',
      commandTimeout: options.commandTimeout ?? target.options.commandTimeout ?? 5,
      connectTimeout: options.connectTimeout ?? target.options.connectTimeout ?? 5,
      log,
    })
    const link = this.#link
    const keys = new BrokerKeys(options.globalKeyPrefix ?? target.options.globalKeyPrefix ?? '', target.db)
    this.#keys = keys
    this.#bindings = new Bindings(link, keys)
    this.#declarations = new Declarations(this.#bindings, log)
    this.#publisher = new Publisher(link, keys)
    this.#casting = new Casting({ link, keys, bindings: this.#bindings, log })
    this.#copies = new Copies(this.#casting, log)
    this.#restorer = new Restorer(link, keys, this.#bindings, log)
    this.#mover = new DelayedMover(link, keys, log)
    this.deadLetters = new RedisDeadLetters(link, keys)
    this.#leases = new Leases({
      link,
      keys,
      restorer: this.#restorer,
      held: () => [...this.#consumers].flatMap((consumer) => [...consumer.held()]),
      leaseTimeout: this.#leaseTimeout,
      visibilityTimeout: options.visibilityTimeout ?? target.options.visibilityTimeout ?? 3_600,
      log,
    })
    link.onConnect(() => this.#setUp())
    link.watch((state, error) => this.#watchers.tell(state, error))
  }

  get state(): BrokerState {
    return this.#link.state
  }

  async open(): Promise<void> {
    await this.#link.open()
    await warnOfEviction(this.#link, this.#log)
  }

  async close(): Promise<void> {
    this.#closing.abort()
    this.#closing = new AbortController()
    this.#leases.stop()
    this.#mover.stop()
    const closing = [...this.#consumers].map((consumer) => consumer.close())
    await atMost(closingTime, Promise.allSettled([...closing, this.#casting.close()]))
    this.#link.close()
    for (const consumer of this.#consumers) consumer.loseAll()
    this.#copies.close()
    this.#consumers.clear()
    this.#declarations.clear()
  }

  watch(listener: Watcher): () => void {
    return this.#watchers.add(listener)
  }

  describe(): BrokerDescription {
    const { host, port, path, username, db, tls } = this.#target
    return {
      transport: 'redis',
      hostname: path ?? host,
      port: path === undefined ? port : null,
      userid: username ?? null,
      virtual_host: String(db),
      ssl: tls !== undefined,
    }
  }

  async declare(queue: QueueDeclaration): Promise<void> {
    await this.#persist(() => this.#declarations.make(queue))
  }

  async publish(message: WireMessage, to: Destination, options: PublishOptions = {}): Promise<void> {
    this.#mustBeOpen()
    refuseTransaction(options)
    const { declare, exchange, routingKey } = to
    const { timeout = patienceMs / 1_000 } = options
    const deadline = new Deadline(timeout)
    const tag = randomUUID()
    const text = encodeDocument(message, { exchange, routingKey, tag })
    if (declare && !this.#declarations.has(declare))
      await this.#persist(() => this.#declarations.make(declare), deadline.leftMs)
    if (declare?.exchange?.type === 'fanout' && exchange === declare.exchange.name) {
      const heard = await this.#persist(() => this.#casting.tell(exchange, routingKey, text), deadline.leftMs)
      if (heard === 0) throw unroutable(to)
      return
    }
    const queues =
      exchange === ''
        ? [routingKey]
        : await this.#persist(() => this.#queuesOf(exchange, routingKey), deadline.leftMs)
    if (queues.length === 0) throw unroutable(to, exchange === '' ? '' : fanoutHint)
    const priority = priorityOf(message.properties.priority)
    const delay = options.notBefore && Math.max(0, Math.ceil(options.notBefore.getTime() - Date.now()))
    const push = (queue: string) =>
      this.#publisher.push({ list: this.#keys.list(queue, priority), id: tag, text, delay }, deadline.leftMs)
    await Promise.all(queues.map(push))
  }

  async consume(queue: QueueDeclaration, options: ConsumeOptions): Promise<Consumption> {
    this.#mustBeOpen()
    checkPrefetch(options.prefetch)
    const closing = this.#closing.signal
    await this.declare(queue)
    // What holds no messages is better told now than in the log, again and again.
    await this.#lengths(queue.name)
    mustNotBeClosed(closing)
    const consumer: RedisConsumer = new RedisConsumer({
      ...options,
      link: this.#link,
      keys: this.#keys,
      restorer: this.#restorer,
      queue: queue.name,
      tagPrefix: `celery-ts-${Math.ceil(this.#leaseTimeout)}-${randomUUID()}-`,
      leaseTimeout: this.#leaseTimeout,
      log: this.#log,
      onEnd: () => this.#consumers.delete(consumer),
    })
    this.#consumers.add(consumer)
    this.#leases.start()
    let copies: Consumption | undefined
    try {
      await this.#persist(() => this.#link.notices.attach())
      if (queue.exchange?.type === 'fanout')
        copies = await this.#copies.consume(queue, queue.exchange.name, options)
      mustNotBeClosed(closing)
    } catch (error) {
      await copies?.cancel()
      await consumer.cancel()
      this.#consumers.delete(consumer)
      throw error
    }
    this.#mover.start()
    consumer.start()
    return copies ? both(copies, consumer) : consumer
  }

  async depth(queue: string): Promise<QueueDepth | undefined> {
    const lengths = await this.#lengths(queue)
    const messages = lengths.reduce((sum, length) => sum + length, this.#copies.waiting(queue))
    if (messages === 0 && !this.#declarations.hasQueue(queue) && !(await this.#isBound(queue)))
      return undefined
    return { messages, consumers: undefined }
  }

  async purge(queue: string): Promise<number> {
    const lists = this.#keys.lists(queue)
    const listed = await this.#persist(async () => Number(await this.#link.run(purgeLists, lists, [])))
    return listed + this.#copies.purge(queue)
  }

  async cast(message: WireMessage, to: CastDestination): Promise<void> {
    if (this.state === 'open') await this.#casting.cast(message, to)
  }

  async listen(options: ListenOptions): Promise<Listening> {
    this.#mustBeOpen()
    return await this.#casting.listen(options)
  }

  async #lengths(queue: string): Promise<number[]> {
    const lists = this.#keys.lists(queue)
    const replies = await this.#persist(() =>
      Promise.all(lists.map((list) => this.#link.command('LLEN', list))),
    )
    return replies.map(Number)
  }

  async #setUp(): Promise<void> {
    await this.#leases.holdOn()
    this.#declarations.makeAgain()
    await this.#casting.bind()
    for (const consumer of this.#consumers) consumer.look()
    this.#mover.look()
  }

  /** On a new connection all bindings are there first, so that no message goes to some of its queues only. */
  async #queuesOf(exchange: string, routingKey: string): Promise<string[]> {
    await this.#declarations.again
    return await this.#bindings.queuesOf(exchange, routingKey)
  }

  /** Queues that others declared are known by the exchange of their own name, which Celery gives them. */
  async #isBound(queue: string): Promise<boolean> {
    return Number(await this.#persist(() => this.#link.command('EXISTS', this.#keys.bindings(queue)))) > 0
  }

  #persist<T>(work: () => Promise<T>, timeoutMs = patienceMs): Promise<T> {
    return this.#link.persist(work, timeoutMs)
  }

  #mustBeOpen(): void {
    if (this.state !== 'closed') return
    throw new CeleryError('CLOSED', 'The Redis broker is not open: call open() first.')
  }
}

function mustNotBeClosed(closing: AbortSignal): void {
  if (closing.aborted) throw new CeleryError('CLOSED', 'The Redis broker was closed.')
}

/** Each has the whole prefetch window, as if they were two queues. */
function both(...consumptions: Consumption[]): Consumption {
  return {
    async setPrefetch(prefetch) {
      await Promise.all(consumptions.map((consumption) => consumption.setPrefetch(prefetch)))
    },
    async cancel() {
      await Promise.all(consumptions.map((consumption) => consumption.cancel()))
    },
  }
}
