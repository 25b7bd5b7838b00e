import { isDeepStrictEqual } from 'node:util'
import { CeleryError } from '../../errors.ts'
import type { WireMessage } from '../../protocol/message.ts'
import type { QueueDeclaration } from '../port.ts'
import { topicMatches } from '../topic.ts'
import { MemoryDeadLetters } from './dead-letters.ts'
import { MemoryQueue } from './queue.ts'
import { type StoredMessage, storeMessage } from './stored-message.ts'
import { Timetable } from './timetable.ts'

type ExchangeType = 'direct' | 'topic' | 'fanout'

interface Exchange {
  type: ExchangeType
  bindings: Map<Sink, Set<string>>
}

/** Where an exchange sends to: a queue, or someone who listens. */
export interface Sink {
  add(stored: StoredMessage): void
}

/** How many messages all queues of a server hold at most, waiting or parked: memory has an end. */
const mostMessages = 1_000_000

/** What a server of its own is to the other brokers: exchanges, queues, and what is parked in them. */
export class MemoryServer {
  readonly deadLetters = new MemoryDeadLetters()
  readonly #exchanges = new Map<string, Exchange>()
  readonly #queues = new Map<string, MemoryQueue>()
  readonly #parked = new Timetable()
  #users = 0

  /** What is parked comes due only while someone is there, so that it does not keep the process from ending. */
  enter(): void {
    this.#users++
    this.#parked.start()
  }

  leave(): void {
    this.#users--
    if (this.#users === 0) this.#parked.stop()
  }

  queue(name: string): MemoryQueue | undefined {
    return this.#queues.get(name)
  }

  declareQueue(declaration: QueueDeclaration): MemoryQueue {
    const { name, exchange, routingKey = name, arguments: queueArguments = {} } = declaration
    const there = this.#queues.get(name)
    if (there && !isDeepStrictEqual(there.arguments, queueArguments))
      throw otherArguments(there, queueArguments)
    const queue = there ?? new MemoryQueue(name, { ...queueArguments })
    const bound = this.declareExchange(exchange?.name ?? name, exchange?.type ?? 'direct')
    this.#queues.set(name, queue)
    bind(bound, queue, routingKey)
    return queue
  }

  declareExchange(name: string, type: ExchangeType): Exchange {
    const there = this.#exchanges.get(name)
    if (there && there.type !== type) {
      throw new CeleryError(
        'BAD_OPTION',
        `The exchange ${name} is of the type ${there.type} and was now declared as ${type}; use the same type everywhere.`,
      )
    }
    const exchange = there ?? { type, bindings: new Map() }
    this.#exchanges.set(name, exchange)
    return exchange
  }

  /** Returns what ends it. */
  listen(exchange: { name: string; type: ExchangeType }, pattern: string, sink: Sink): () => void {
    const { bindings } = bind(this.declareExchange(exchange.name, exchange.type), sink, pattern)
    return () => bindings.delete(sink)
  }

  listeners(exchange: string): number {
    return this.#exchanges.get(exchange)?.bindings.size ?? 0
  }

  /** Returns to how many queues and listeners it went. */
  route(message: WireMessage, exchangeName: string, routingKey: string, notBefore?: Date): number {
    const sinks = this.#sinks(exchangeName, routingKey)
    if (sinks.length > 0 && this.#isFull()) {
      throw new CeleryError(
        'BROKER_UNAVAILABLE',
        `The memory broker holds ${mostMessages} messages and takes no more.`,
      )
    }
    for (const sink of sinks) {
      const stored = storeMessage(message, exchangeName, routingKey, Date.now())
      if (notBefore) this.park(stored, sink, notBefore)
      else sink.add(stored)
    }
    return sinks.length
  }

  park(stored: StoredMessage, sink: Sink, until: Date): void {
    this.#parked.add(until.getTime(), () => sink.add(stored))
  }

  #sinks(exchangeName: string, routingKey: string): Sink[] {
    if (exchangeName === '') {
      const queue = this.#queues.get(routingKey)
      return queue ? [queue] : []
    }
    const exchange = this.#exchanges.get(exchangeName)
    if (!exchange) return []
    return [...exchange.bindings].flatMap(([sink, patterns]) =>
      [...patterns].some((pattern) => takes(exchange.type, pattern, routingKey)) ? [sink] : [],
    )
  }

  #isFull(): boolean {
    let messages = this.#parked.size
    for (const queue of this.#queues.values()) messages += queue.size
    return messages >= mostMessages
  }
}

function bind(exchange: Exchange, sink: Sink, pattern: string): Exchange {
  const patterns = exchange.bindings.get(sink)
  if (patterns) patterns.add(pattern)
  else exchange.bindings.set(sink, new Set([pattern]))
  return exchange
}

function takes(type: ExchangeType, pattern: string, routingKey: string): boolean {
  if (type === 'fanout') return true
  return type === 'direct' ? pattern === routingKey : topicMatches(pattern, routingKey)
}

function otherArguments(there: MemoryQueue, now: Record<string, unknown>): CeleryError {
  return new CeleryError(
    'BAD_OPTION',
    `The queue ${there.name} was declared with the arguments ${JSON.stringify(there.arguments)} and now with ` +
      `${JSON.stringify(now)}; declare it with the same ones everywhere.`,
  )
}
