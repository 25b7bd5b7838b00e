import type { AppCore } from '../app/app-core.ts'
import type { Listening } from '../brokers/port.ts'
import { CeleryError } from '../errors.ts'
import { decodeJson } from '../protocol/json.ts'
import type { WireMessage } from '../protocol/message.ts'
import { isRecord } from '../protocol/shape.ts'
import { adjustClock, castTo, mail, pidboxExchange, replyExchange } from './mailbox.ts'

export interface BroadcastOptions {
  /** Names of the workers that are meant; every one when absent. */
  destination?: string | readonly string[]
  /** Those whose name fits: `celery@web*`, or with `matcher: 'pcre'` a regular expression. */
  pattern?: string
  matcher?: 'glob' | 'pcre'
  /** Wait for answers: false when absent, except with `inspect` and `ping`. */
  reply?: boolean
  /** Seconds to wait for answers: 1 when absent. */
  timeout?: number
  /** Stop waiting after so many answers: the number of destinations when absent. */
  limit?: number
}

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

/** Askers that wait at a time. */
const maxCollectors = 10_000

export function createMailboxClient(app: AppCore): MailboxClient {
  const id = app.options.newId()
  const collectors = new Map<string, Collector>()
  let listening: Promise<Listening> | undefined

  /** The reply queue is made with the first question and serves all that follow. */
  function listen(): Promise<Listening> {
    listening ??= openReplyQueue().catch((error: unknown) => {
      listening = undefined
      throw error
    })
    return listening
  }

  async function openReplyQueue(): Promise<Listening> {
    const broker = await app.broker()
    const queue = `${id}.${replyExchange.name}`
    return broker.listen({ exchange: replyExchange, routingKey: id, queue, onMessage })
  }

  function onMessage(message: WireMessage): void {
    adjustClock(app.clock, message.headers)
    const collector = collectors.get(String(message.headers.ticket))
    if (collector === undefined) return
    try {
      const reply = decodeJson(message.body.toString())
      if (!isRecord(reply)) return
      for (const [host, content] of Object.entries(reply)) {
        if (collector.replies.has(host))
          app.options.log.warn({ host }, 'two workers have one name: give each a hostname of its own')
        collector.replies.set(host, content)
      }
      collector.onReply()
    } catch (error) {
      app.options.log.warn({ error }, 'a reply of a worker could not be read')
    }
  }

  async function send(
    method: string,
    args: Record<string, unknown>,
    options: BroadcastOptions,
    ticket?: string,
  ): Promise<void> {
    const { timeout = 1 } = options
    const broker = await app.broker()
    const headers = { clock: app.clock.forward(), expires: app.options.now().getTime() / 1000 + timeout }
    const body = {
      method,
      arguments: args,
      destination: destinations(options) ?? null,
      pattern: options.pattern ?? null,
      matcher: options.pattern === undefined ? null : (options.matcher ?? 'glob'),
      ...(ticket && { ticket, reply_to: { exchange: replyExchange.name, routing_key: id } }),
    }
    await broker.cast(mail(body, headers), castTo(pidboxExchange, ''))
  }

  async function ask(
    method: string,
    args: Record<string, unknown>,
    options: BroadcastOptions,
  ): Promise<Replies> {
    if (collectors.size >= maxCollectors)
      throw new CeleryError(
        'UNSUPPORTED',
        `More than ${maxCollectors} questions to workers wait: ask fewer at once`,
      )
    await listen()
    const ticket = app.options.newId()
    const replies = new Map<string, unknown>()
    const limit = options.limit ?? destinations(options)?.length ?? Infinity
    try {
      await new Promise<void>((resolve, reject) => {
        const timer = setTimeout(resolve, (options.timeout ?? 1) * 1000)
        const finish = () => {
          clearTimeout(timer)
          resolve()
        }
        const onReply = () => {
          if (replies.size >= limit) finish()
        }
        collectors.set(ticket, { replies, onReply })
        send(method, args, options, ticket).catch((error: unknown) => {
          clearTimeout(timer)
          reject(error)
        })
      })
    } finally {
      collectors.delete(ticket)
    }
    return Object.fromEntries(replies)
  }

  return {
    async broadcast(method, args, options = {}) {
      if (options.reply) return ask(method, args, options)
      await send(method, args, options)
      return {}
    },
    async close() {
      const opened = listening
      listening = undefined
      const queue = await opened?.catch(() => undefined)
      await queue?.stop()
    },
  }
}

function destinations({ destination }: BroadcastOptions): readonly string[] | undefined {
  if (destination === undefined) return undefined
  return typeof destination === 'string' ? [destination] : destination
}
