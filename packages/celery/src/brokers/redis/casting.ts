import { randomUUID } from 'node:crypto'
import type { Log } from '../../log.ts'
import type { WireMessage } from '../../protocol/message.ts'
import type { RedisLink } from '../../redis/link.ts'
import type { OnMessage } from '../../redis/notices.ts'
import { ConnectionLost } from '../../redis/replies.ts'
import type { CastDestination, Listening, ListenOptions } from '../port.ts'
import { topicMatches } from '../topic.ts'
import type { Bindings } from './bindings.ts'
import { decodeDocument, encodeDocument, priorityOf } from './document.ts'
import type { BrokerKeys } from './keys.ts'
import { ReplyQueue } from './reply-queue.ts'
import { pushForATime } from './scripts.ts'

export interface CastingOptions {
  link: RedisLink
  keys: BrokerKeys
  bindings: Bindings
  log: Log
}

/** Seconds that a reply waits for someone who may have gone. */
const replyLives = 60
/** Milliseconds that a lost connection is waited out. */
const patienceMs = 10_000

/**
 * What is worth nothing later: events, remote control and its replies. As kombu does it on Redis, fanout exchanges are
 * channels of pub/sub, and so is Celery's topic exchange of events; replies go through the list of a direct exchange's
 * queue.
 */
export class Casting {
  readonly #options: CastingOptions
  readonly #replyQueues = new Set<ReplyQueue>()
  readonly #stops = new Set<() => Promise<void>>()

  constructor(options: CastingOptions) {
    this.#options = options
  }

  async cast(message: WireMessage, { exchange, routingKey, ttl }: CastDestination): Promise<void> {
    const { name, type } = exchange
    const text = encodeDocument(message, { exchange: name, routingKey, tag: randomUUID() })
    const sending: Promise<unknown> =
      type === 'direct'
        ? this.#reply(name, routingKey, text, priorityOf(message.properties.priority), ttl ?? replyLives)
        : this.tell(name, routingKey, text)
    await sending.catch((error: unknown) => {
      this.#options.log.debug({ err: error, exchange: name }, 'What was cast did not reach Redis')
    })
  }

  /** Returns how many heard it. */
  async tell(exchange: string, routingKey: string, text: string): Promise<number> {
    const { link, keys } = this.#options
    return Number(await link.command('PUBLISH', keys.channel(exchange, routingKey), text))
  }

  /** Calls back with what a fanout exchange tells; ends with the broker, or when what it returns is called. */
  async hear(
    exchange: string,
    routingKey: string,
    onText: (text: string, routingKey: string) => void,
  ): Promise<() => Promise<void>> {
    const { keys, link } = this.#options
    const onMessage: OnMessage = (channel, payload) => {
      const key = keys.keyOfChannel(exchange, channel)
      if (routingKey === key || topicMatches(routingKey, key)) onText(payload.toString(), key)
    }
    const isPattern = /[*#]/.test(routingKey)
    const channel = isPattern
      ? globOf(keys.channel(exchange, ''), routingKey)
      : keys.channel(exchange, routingKey)
    const { notices } = link
    const stop = async () => {
      this.#stops.delete(stop)
      await (isPattern
        ? notices.unsubscribePattern(channel, onMessage)
        : notices.unsubscribe([channel], onMessage)
      ).catch(() => undefined)
    }
    this.#stops.add(stop)
    const subscribe = () =>
      isPattern ? notices.subscribePattern(channel, onMessage) : notices.subscribe([channel], onMessage)
    await orUndo(() => link.persist(subscribe, patienceMs), stop)
    return stop
  }

  async listen({ exchange, routingKey, queue, onMessage }: ListenOptions): Promise<Listening> {
    const onText = (text: string) => {
      const { message, routingKey: key } = decodeDocument(text)
      try {
        onMessage(message, key)
      } catch (error) {
        this.#options.log.error(
          { err: error, exchange: exchange.name },
          'What was heard could not be dealt with',
        )
      }
    }
    if (exchange.type !== 'direct') {
      const stop = await this.hear(exchange.name, routingKey, onText)
      return { stop }
    }
    const replyQueue = new ReplyQueue({
      ...this.#options,
      queue,
      exchange: exchange.name,
      routingKey,
      onText,
    })
    const stop = async () => {
      this.#replyQueues.delete(replyQueue)
      await replyQueue.stop()
    }
    this.#replyQueues.add(replyQueue)
    await orUndo(() => this.#options.link.persist(() => replyQueue.start(), patienceMs), stop)
    return { stop }
  }

  /** On a new connection, which may be to an empty Redis. */
  async bind(): Promise<void> {
    for (const replyQueue of this.#replyQueues)
      await replyQueue.bind().catch((error: unknown) => {
        if (error instanceof ConnectionLost) throw error
        this.#options.log.error({ err: error }, 'A reply queue could not be bound again')
      })
  }

  async close(): Promise<void> {
    const replyQueues = [...this.#replyQueues]
    this.#replyQueues.clear()
    await Promise.allSettled([
      ...replyQueues.map((replyQueue) => replyQueue.stop()),
      ...[...this.#stops].map((stop) => stop()),
    ])
  }

  async #reply(
    exchange: string,
    routingKey: string,
    text: string,
    priority: number,
    ttl: number,
  ): Promise<void> {
    const { link, keys, bindings } = this.#options
    for (const queue of await bindings.queuesOf(exchange, routingKey)) {
      await link.run(pushForATime, [keys.list(queue, priority)], [text, Math.ceil(ttl * 1_000)])
    }
  }
}

/** Whether it can be undone or not, the error is that of what was done. */
async function orUndo(work: () => Promise<void>, undo: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    await undo().catch(() => undefined)
    throw error
  }
}

/** kombu's pattern of a channel: `#` is any text, and so is `*`; the rest is meant as it stands. */
function globOf(channel: string, routingKey: string): string {
  const literal = (text: string) => text.replace(/[\\?[\]*]/g, '\\$&')
  return `${literal(channel)}/${routingKey.split(/[*#]/).map(literal).join('*')}`
}
