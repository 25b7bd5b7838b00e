import type { AppCore } from '../app/app-core.ts'
import { timerOf } from '../async/timer.ts'
import type { Listening } from '../brokers/port.ts'
import { CeleryError } from '../errors.ts'
import { readCast } from '../events/read-cast.ts'
import type { WireMessage } from '../protocol/message.ts'
import { isRecord } from '../protocol/shape.ts'
import { castTo, mail, pidboxExchange, replyExchange } from './mailbox.ts'
import type { BroadcastOptions } from './options.ts'

/** What each worker answered, by its name. */
export type Replies<T = unknown> = Record<string, T>

/** Sends requests to workers and gathers their answers: what kombu calls a mailbox. */
export interface MailboxClient {
  broadcast(method: string, args: Record<string, unknown>, options?: BroadcastOptions): Promise<Replies>
  close(): Promise<void>
}

interface Collector {
  replies: Map<string, unknown>
  onReply(): void
}

/** Both answer, and nobody can tell which is which. */
export const twoOfOneName = 'two workers have one name: give each a hostname of its own'

/** Askers that wait at a time. */
const maxCollectors = 10_000

export function createMailboxClient(app: AppCore): MailboxClient {
  return new Mailbox(app)
}

class Mailbox implements MailboxClient {
  readonly #app: AppCore
  readonly #id: string
  readonly #collectors = new Map<string, Collector>()
  #listening: Promise<Listening> | undefined

  constructor(app: AppCore) {
    this.#app = app
    this.#id = app.options.newId()
  }

  async broadcast(
    method: string,
    args: Record<string, unknown>,
    options: BroadcastOptions = {},
  ): Promise<Replies> {
    if (options.reply) return await this.#ask(method, args, options)
    await this.#send(method, args, options)
    return {}
  }

  async close(): Promise<void> {
    const opened = this.#listening
    this.#listening = undefined
    const queue = await opened?.catch(() => undefined)
    await queue?.stop()
  }

  async #ask(method: string, args: Record<string, unknown>, options: BroadcastOptions): Promise<Replies> {
    if (this.#collectors.size >= maxCollectors)
      throw new CeleryError(
        'UNSUPPORTED',
        `More than ${maxCollectors} questions to workers wait: ask fewer at once`,
      )
    await this.#listen()
    const ticket = this.#app.options.newId()
    const replies = new Map<string, unknown>()
    const limit = options.limit ?? destinations(options)?.length ?? Infinity
    const { promise: answered, resolve, reject } = Promise.withResolvers<void>()
    const timer = setTimeout(resolve, timerOf(options.timeout ?? 1))
    const onReply = () => {
      if (replies.size >= limit) resolve()
    }
    this.#collectors.set(ticket, { replies, onReply })
    this.#send(method, args, options, ticket).catch(reject)
    try {
      await answered
    } finally {
      clearTimeout(timer)
      this.#collectors.delete(ticket)
    }
    return Object.fromEntries(replies)
  }

  /** The reply queue is made with the first question and serves all that follow. */
  #listen(): Promise<Listening> {
    this.#listening ??= this.#openReplyQueue().catch((error: unknown) => {
      this.#listening = undefined
      throw error
    })
    return this.#listening
  }

  async #openReplyQueue(): Promise<Listening> {
    const broker = await this.#app.broker()
    const queue = `${this.#id}.${replyExchange.name}`
    const onMessage = (message: WireMessage) => this.#onMessage(message)
    return await broker.listen({ exchange: replyExchange, routingKey: this.#id, queue, onMessage })
  }

  #onMessage(message: WireMessage): void {
    const { clock, options } = this.#app
    clock.adjust(message.headers.clock)
    const collector = this.#collectors.get(String(message.headers.ticket))
    if (collector === undefined) return
    try {
      const reply = readCast(message)
      if (!isRecord(reply)) return
      for (const [host, content] of Object.entries(reply)) {
        if (collector.replies.has(host)) options.log.warn({ host }, twoOfOneName)
        collector.replies.set(host, content)
      }
      collector.onReply()
    } catch (error) {
      options.log.warn({ err: error }, 'a reply of a worker could not be read')
    }
  }

  async #send(
    method: string,
    args: Record<string, unknown>,
    options: BroadcastOptions,
    ticket?: string,
  ): Promise<void> {
    const { timeout = 1 } = options
    const { clock, options: settings } = this.#app
    const broker = await this.#app.broker()
    const headers = { clock: clock.forward(), expires: settings.now().getTime() / 1000 + timeout }
    const body = {
      method,
      arguments: args,
      destination: destinations(options) ?? null,
      pattern: options.pattern ?? null,
      matcher: options.pattern === undefined ? null : (options.matcher ?? 'glob'),
      ...(ticket && { ticket, reply_to: { exchange: replyExchange.name, routing_key: this.#id } }),
    }
    await broker.cast(mail(body, headers), castTo(pidboxExchange, ''))
  }
}

function destinations({ destination }: BroadcastOptions): readonly string[] | undefined {
  if (destination === undefined) return undefined
  return typeof destination === 'string' ? [destination] : destination
}
