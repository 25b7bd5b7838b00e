import type { WireMessage } from '../protocol/message.ts'
import type { DeadLetterStore } from './dead-letter-store.ts'

/**
 * What carries messages: RabbitMQ, Redis in kombu's layout, PostgreSQL, or this process's memory. Ports are thin:
 * retries, time limits, rate limits and the like are written once above them. Every implementation passes
 * `testing/broker-contract.ts`.
 *
 * All durations are in seconds, as everywhere in this package.
 */
export interface Broker {
  readonly kind: 'amqp' | 'redis' | 'postgres' | 'memory'
  readonly state: BrokerState
  /**
   * Connects, and from then on stays connected: a lost connection is made again, with growing pauses, and what was
   * declared, consumed and listened to goes on. Rejects when the first connection cannot be made; safe to call twice.
   */
  open(): Promise<void>
  /** Deliveries that were not settled go back to their queues. Safe to call twice. */
  close(): Promise<void>
  /** Calls back on every change of `state`, with the error that caused it; returns what stops that. */
  watch(listener: (state: BrokerState, error?: Error) => void): () => void
  /** The connection as `celery inspect stats` shows it. Never holds a password. */
  describe(): BrokerDescription

  /** Makes the queue (and its exchange and binding) if it is not there, with just the arguments that Python gives. */
  declare(queue: QueueDeclaration): Promise<void>
  /**
   * Resolves when the broker has the message and will keep it: a publisher confirm, Redis's answer, a commit.
   * Waits out a lost connection until `timeout`, then rejects with `BROKER_UNAVAILABLE`; a message that was sent
   * when the connection broke may then be there or not. Rejects with `UNROUTABLE` when no queue would get it.
   */
  publish(message: WireMessage, to: Destination, options?: PublishOptions): Promise<void>
  /**
   * Begins to deliver the queue's messages, declaring it first. Of what is sent to a fanout exchange each consumer on
   * Redis has a copy of its own, in its memory, and with none there `publish` rejects; elsewhere the queue has one.
   */
  consume(queue: QueueDeclaration, options: ConsumeOptions): Promise<Consumption>
  /** Undefined when there is no such queue. */
  depth(queue: string): Promise<QueueDepth | undefined>
  /** Removes the messages that wait in the queue and returns how many these were. */
  purge(queue: string): Promise<number>

  /**
   * Sends to whoever listens now: events, remote control and its replies. No confirm, and no error when nobody
   * listens or the connection is lost: what is cast is worth nothing later.
   */
  cast(message: WireMessage, to: CastDestination): Promise<void>
  /** Gets what is cast, through a temporary queue of this process. */
  listen(to: ListenOptions): Promise<Listening>
  /** How many listen to this exchange now; not there where that cannot be told. */
  listeners?(exchange: string): number

  readonly deadLetters: DeadLetterStore
}

/** Whether the broker is connected; `reconnecting` after its connection was lost. */
export type BrokerState = 'closed' | 'open' | 'reconnecting'

export interface BrokerDescription {
  transport: string
  hostname: string
  port: number | null
  userid: string | null
  virtual_host: string
  /** Whether it is spoken to by TLS; null where that is not known. */
  ssl: boolean | null
}

/** A queue with its exchange, binding and arguments, declared as Python does; most are just a name. */
export interface QueueDeclaration {
  name: string
  /** A direct exchange of the queue's own name when absent, as Celery makes for a queue it was only given the name of. */
  exchange?: { name: string; type: 'direct' | 'topic' | 'fanout' }
  /**
   * The queue's name when absent. A fanout exchange knows no keys; on Redis alone one that is given is the only one that
   * the queue hears, as with kombu.
   */
  routingKey?: string
  /** Arguments such as `x-queue-type: quorum` or `x-max-priority`; they must be those that other clients give. */
  arguments?: Record<string, unknown>
}

export interface Destination {
  /** Empty for RabbitMQ's default exchange, which takes the routing key for a queue's name. */
  exchange: string
  routingKey: string
  /** Declared once before the first message is published, so that none is dropped for want of a queue. */
  declare?: QueueDeclaration
}

export interface PublishOptions {
  /**
   * Keep it at the broker until then. Only for those who know that a worker of this package serves the queue: on
   * Redis it is these that move what is due (elsewhere the broker does, or the query for messages).
   */
  notBefore?: Date
  /** Publish within this transaction: PostgreSQL alone; elsewhere it is refused. */
  transaction?: SqlClient
  /** Seconds to wait for the broker, 10 when absent. */
  timeout?: number
}

/** What a connection or pool of `pg` offers, and all that is asked of a transaction of the caller's. */
export interface SqlClient {
  query(text: string, values: unknown[]): Promise<{ rows: Record<string, unknown>[] }>
}

export interface ConsumeOptions {
  /** How many deliveries may be unsettled at a time: at least 1. */
  prefetch: number
  /** Must not throw. */
  onDelivery(delivery: Delivery): void
}

export interface Consumption {
  /** Deliveries already made stay as they are, even if there are now more than the new number. */
  setPrefetch(prefetch: number): Promise<void>
  /** No further deliveries; those already made can still be settled. */
  cancel(): Promise<void>
}

/**
 * One message in this worker's hands. It is settled once, by one of `ack`, `requeue`, `discard` and `delay`; calls
 * after the first do nothing. When it is lost, settling does nothing either: the broker will deliver it again.
 */
export interface Delivery {
  readonly message: WireMessage
  readonly queue: string
  readonly exchange: string
  readonly routingKey: string
  /** It may have been delivered before. */
  readonly redelivered: boolean
  /**
   * The connection it came over is gone, or on Redis and PostgreSQL its lease, and it will come again: what is done
   * for it now may be done twice.
   */
  readonly isLost: boolean
  /**
   * To be called before a redelivered message is run. Notes it and returns how often it was begun before and never
   * settled, where the broker can tell; undefined where it cannot (RabbitMQ's classic queues). Its first delivery, of
   * which nobody took note, counts as begun: 1 the first time this is called.
   */
  countStart(): Promise<number | undefined>
  /** Resolves when the acknowledgement is on its way and everything before it on this delivery is done. */
  ack(): Promise<void>
  /**
   * Acknowledges what is begun only then: resolves when the broker has the acknowledgement, so that the message does
   * not come again even if this process dies the next moment. RabbitMQ answers no acknowledgement; there it is when
   * the operating system has taken it to be sent. False when that is in vain, and the message comes again.
   */
  ackFirst(): Promise<boolean>
  /** Puts it back where it was, or as near to the front as the broker can. */
  requeue(): Promise<void>
  /** Drops it: where the queue has a dead-letter exchange of its own, it goes there. */
  discard(): Promise<void>
  /**
   * Parks it at the broker until then and takes it out of this worker's hands and prefetch window. It comes back
   * as a new delivery, up to a second early on RabbitMQ, and is never lost between. `headers` replace those it has.
   * Resolves when it would not come again as it was, even if this process died then; it may be back before that.
   * When it rejects, the delivery is as it was before, and is to be settled otherwise.
   */
  delay(until: Date, headers?: Record<string, unknown>): Promise<void>
}

/** How much waits in a queue, and for whom. */
export interface QueueDepth {
  /** Messages that wait: those in workers' hands are not counted. */
  messages: number
  /** Consumers of this queue, where the broker knows. */
  consumers: number | undefined
}

export interface CastDestination {
  exchange: { name: string; type: 'fanout' | 'topic' | 'direct' }
  routingKey: string
  /** Seconds after which it is worth nothing. */
  ttl?: number
}

export interface ListenOptions {
  /** Not durable for `fanout` and `direct` (pidbox), durable for `topic` (celeryev), as kombu declares them. */
  exchange: { name: string; type: 'fanout' | 'topic' | 'direct' }
  /** The key, or on a topic exchange the pattern. */
  routingKey: string
  /** The temporary queue's name: it ends with this process. */
  queue: string
  /** Must not throw. */
  onMessage(message: WireMessage, routingKey: string): void
}

export interface Listening {
  stop(): Promise<void>
}
