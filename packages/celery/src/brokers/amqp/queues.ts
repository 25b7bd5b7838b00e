import type { Log } from '../../log.ts'
import type { QueueDeclaration, QueueDepth } from '../port.ts'
import type { Admin } from './admin.ts'
import { declareQueue } from './declarations.ts'
import { reasonOf, refusal, replyCode } from './errors.ts'

/** Declarations that are made again with every connection: more than a program has queues. */
const mostWanted = 10_000

/** The queues that were declared here: each once a connection. */
export class Queues {
  readonly #admin: Pick<Admin, 'run'>
  readonly #log: Log
  readonly #wanted = new Map<string, QueueDeclaration>()
  /** Those of them that were declared over this connection. */
  readonly #declared = new Set<string>()
  readonly #declaring = new Map<string, Promise<void>>()
  readonly #exchanges = new Set<string>()

  constructor(admin: Pick<Admin, 'run'>, log: Log) {
    this.#admin = admin
    this.#log = log
  }

  /** Undefined when it was declared already over this connection. */
  ensure(declaration: QueueDeclaration): Promise<void> | undefined {
    // Callers make them anew for each message.
    const key = JSON.stringify(declaration)
    if (this.#declared.has(key)) return undefined
    const declaring = this.#declaring.get(key) ?? this.#declare(key, declaration)
    this.#declaring.set(key, declaring)
    return declaring
  }

  async #declare(key: string, declaration: QueueDeclaration): Promise<void> {
    try {
      await this.#admin.run((channel) => declareQueue(channel, declaration))
      if (this.#wanted.size >= mostWanted) {
        this.#wanted.clear()
        this.#declared.clear()
      }
      this.#wanted.set(key, declaration)
      this.#declared.add(key)
    } finally {
      this.#declaring.delete(key)
    }
  }

  /**
   * That the exchange is there, asked once a connection: to publish to one that is not would end the channel, and
   * with it the confirms of other messages. Undefined when that is known already.
   */
  ensureExchange(name: string): Promise<void> | undefined {
    if (name === '' || this.#exchanges.has(name)) return undefined
    return this.#admin
      .run((channel) => channel.checkExchange(name))
      .then(
        () => {
          if (this.#exchanges.size >= mostWanted) this.#exchanges.clear()
          this.#exchanges.add(name)
        },
        (error: unknown) => {
          throw refusal(`the exchange ${name}`, error)
        },
      )
  }

  /** For a new connection: RabbitMQ may have come back without what was declared. */
  async declareAgain(): Promise<void> {
    this.#declared.clear()
    this.#exchanges.clear()
    for (const [key, declaration] of this.#wanted) {
      try {
        await this.#admin.run((channel) => declareQueue(channel, declaration))
        this.#declared.add(key)
      } catch (error) {
        this.#log.warn(
          { queue: declaration.name, reason: reasonOf(error) },
          'the queue could not be declared again',
        )
      }
    }
  }
}

export async function depthOf(admin: Admin, queue: string): Promise<QueueDepth | undefined> {
  try {
    const { messageCount, consumerCount } = await admin.run((channel) => channel.checkQueue(queue))
    return { messages: messageCount, consumers: consumerCount }
  } catch (error) {
    if (replyCode(error) === 404) return undefined
    throw refusal(`the queue ${queue}`, error)
  }
}

export async function purgeQueue(admin: Admin, queue: string): Promise<number> {
  try {
    return (await admin.run((channel) => channel.purgeQueue(queue))).messageCount
  } catch (error) {
    if (replyCode(error) === 404) return 0
    throw refusal(`the queue ${queue}`, error)
  }
}
