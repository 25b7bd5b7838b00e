import { CeleryError, reasonOf } from '../../errors.ts'
import type { Log } from '../../log.ts'
import type { Destination, QueueDeclaration, QueueDepth } from '../port.ts'
import type { Admin } from './admin.ts'
import { declareQueue } from './declarations.ts'
import { refusal, replyCode } from './errors.ts'
import { checkShort } from './short-text.ts'

/** Declarations, and places to publish to, that are remembered: more than a program has. */
const mostKnown = 10_000

/** The queues that were declared here: each once a connection, and again before the next message to it. */
export class Queues {
  readonly #admin: Pick<Admin, 'run'>
  readonly #log: Log
  readonly #wanted = new Map<string, QueueDeclaration>()
  readonly #declaring = new Map<string, Promise<void>>()
  #known = new Known()

  constructor(admin: Pick<Admin, 'run'>, log: Log) {
    this.#admin = admin
    this.#log = log
  }

  /** Undefined when it was declared already. */
  ensure(declaration: QueueDeclaration): Promise<void> | undefined {
    // Callers make them anew for each message.
    const key = keyOf(declaration)
    if (this.#known.queues.has(key)) return undefined
    const declaring = this.#declaring.get(key) ?? this.#declare(key, declaration)
    this.#declaring.set(key, declaring)
    return declaring
  }

  /**
   * Declares what a message to there needs. An exchange that nobody declared here must be there: to publish to one
   * that is not would end the channel, and with it the confirms of other messages. Undefined when all that is done.
   */
  prepare(to: Destination): Promise<void> | undefined {
    const { exchange, routingKey, declare } = to
    if (declare && exchange === '') return this.ensure(declare)
    const place = exchange === '' ? `queue ${routingKey}` : `exchange ${exchange}`
    const declaring = declare && this.ensure(declare)
    if (!declaring && this.#known.places.has(place)) return undefined
    const wanted = this.#wanted
      .values()
      .filter((queue) => isFed(queue, to))
      .toArray()
    const missing = wanted.filter((queue) => !this.#known.queues.has(keyOf(queue)))
    const isOfOthers = exchange !== '' && !declare && wanted.length === 0
    if (declaring || missing.length > 0 || isOfOthers) {
      return this.#prepare(place, [declaring, isOfOthers && this.#checkExchange(exchange)], missing)
    }
    this.#known.addPlace(place)
    return undefined
  }

  /** For a new channel: what was declared may be gone, with RabbitMQ's memory or by somebody's hand. */
  forget(): void {
    this.#known = new Known()
  }

  /** Prepares again for messages that wait. What cannot be is told by RabbitMQ when these are sent. */
  async prepareAgain(waiting: Iterable<Destination>): Promise<void> {
    for (const { exchange, routingKey } of waiting) {
      const preparing = this.prepare({ exchange, routingKey })
      if (preparing) await preparing.catch(() => {})
    }
  }

  /** Declares all that was declared before, one by one so that those which are needed now go between. */
  async declareAgain(): Promise<void> {
    const known = this.#known
    for (const declaration of this.#wanted.values()) {
      if (known !== this.#known || !(await this.#declareOneAgain(declaration))) return
    }
  }

  async #declare(key: string, declaration: QueueDeclaration): Promise<void> {
    const known = this.#known
    try {
      await this.#admin.run((channel) => declareQueue(channel, declaration))
      if (this.#wanted.size >= mostKnown) {
        this.#wanted.clear()
        this.forget()
      }
      this.#wanted.set(key, declaration)
      known.queues.add(key)
    } finally {
      this.#declaring.delete(key)
    }
  }

  async #prepare(place: string, first: unknown[], missing: readonly QueueDeclaration[]): Promise<void> {
    const known = this.#known
    await Promise.all(first)
    for (const declaration of missing) if (!(await this.#declareOneAgain(declaration))) return
    known.addPlace(place)
  }

  async #checkExchange(name: string): Promise<void> {
    try {
      await this.#admin.run((channel) => channel.checkExchange(name))
    } catch (error) {
      throw refusal(`the exchange ${name}`, error)
    }
  }

  /** False when RabbitMQ does not answer. */
  async #declareOneAgain(declaration: QueueDeclaration): Promise<boolean> {
    try {
      await this.ensure(declaration)
      return true
    } catch (error) {
      const isAnswered =
        error instanceof CeleryError && error.code !== 'BROKER_UNAVAILABLE' && error.code !== 'CLOSED'
      const fields = { queue: declaration.name, reason: reasonOf(error) }
      this.#log[isAnswered ? 'warn' : 'debug'](fields, 'the queue could not be declared again')
      return isAnswered
    }
  }
}

/** What RabbitMQ was told or asked since the channel was opened. */
class Known {
  readonly queues = new Set<string>()
  readonly places = new Set<string>()

  addPlace(place: string): void {
    if (this.places.size >= mostKnown) this.places.clear()
    this.places.add(place)
  }
}

function keyOf(declaration: QueueDeclaration): string {
  return JSON.stringify(declaration, declaration.arguments && withBigints)
}

/** AMQP carries those of 64 bits; JSON has no form for them. */
function withBigints(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? { bigint: String(value) } : value
}

/** Whether the queue may get what is published there. */
function isFed(queue: QueueDeclaration, { exchange, routingKey }: Destination): boolean {
  if (exchange === '') return queue.name === routingKey
  return (queue.exchange?.name ?? queue.name) === exchange
}

export async function depthOf(admin: Admin, queue: string): Promise<QueueDepth | undefined> {
  checkShort('The queue', queue)
  try {
    const { messageCount, consumerCount } = await admin.run((channel) => channel.checkQueue(queue))
    return { messages: messageCount, consumers: consumerCount }
  } catch (error) {
    if (replyCode(error) === 404) return undefined
    throw refusal(`the queue ${queue}`, error)
  }
}

export async function purgeQueue(admin: Admin, queue: string): Promise<number> {
  checkShort('The queue', queue)
  try {
    return (await admin.run((channel) => channel.purgeQueue(queue))).messageCount
  } catch (error) {
    if (replyCode(error) === 404) return 0
    throw refusal(`the queue ${queue}`, error)
  }
}
