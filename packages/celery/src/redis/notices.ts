import type { Redis } from 'ioredis'
import type { ErrorCode } from '../errors.ts'
import type { Log } from '../log.ts'
import type { Connection } from './connection.ts'
import { ConnectionLost, explainFailure, NotConnected } from './replies.ts'

export type OnMessage = (channel: string, payload: Buffer) => void

const invalidation = '__redis__:invalidate'

/** Names subscribed to in one command. */
const perCommand = 500

/**
 * What the server tells by itself: messages of channels and patterns, and which keys have changed that were read
 * before (client-side caching's notices, used as a doorbell). All of it is asked for again on a new connection; who
 * needs to know what was missed meanwhile looks again.
 */
export class Notices {
  readonly #connection: () => Connection | undefined
  readonly #log: Log
  readonly #code: ErrorCode
  readonly #channels = new Map<string, Set<OnMessage>>()
  readonly #patterns = new Map<string, Set<OnMessage>>()
  readonly #bells = new Map<string, Set<() => void>>()
  #saidNoTracking = false

  constructor(connection: () => Connection | undefined, { log, code }: { log: Log; code: ErrorCode }) {
    this.#connection = connection
    this.#log = log
    this.#code = code
  }

  /** Whether a new connection needs one for notices beside it. */
  get isWanted(): boolean {
    return this.#bells.size > 0 || this.#channels.size > 0 || this.#patterns.size > 0
  }

  /** Whether bells ring now; where they do not, who waits has to look from time to time. */
  get isTracking(): boolean {
    return this.#connection()?.isTracking ?? false
  }

  /** Calls back when one of these keys is changed after this connection has read it: once for each reading. */
  ring(keys: readonly string[], bell: () => void): () => void {
    for (const key of keys) add(this.#bells, key, bell)
    return () => {
      for (const key of keys) remove(this.#bells, key, bell)
    }
  }

  /** Makes the second connection, and with it all subscriptions, if it is not there. */
  async attach(connection = this.#connection()): Promise<void> {
    if (!connection) throw new NotConnected()
    try {
      connection.subscriber ??= this.#begin(connection)
      await connection.subscriber
      if (this.#bells.size > 0 && !connection.isTracking) await this.#track(connection)
    } catch (error) {
      const reason = explainFailure(error, this.#code)
      connection.subscriber?.then(
        (client) => end(client, reason),
        () => undefined,
      )
      connection.subscriber = undefined
      throw reason
    }
  }

  async subscribe(channels: readonly string[], onMessage: OnMessage): Promise<void> {
    await this.#subscribe('subscribe', this.#channels, channels, onMessage)
  }

  async unsubscribe(channels: readonly string[], onMessage: OnMessage): Promise<void> {
    await this.#unsubscribe('unsubscribe', this.#channels, channels, onMessage)
  }

  async subscribePattern(pattern: string, onMessage: OnMessage): Promise<void> {
    await this.#subscribe('psubscribe', this.#patterns, [pattern], onMessage)
  }

  async unsubscribePattern(pattern: string, onMessage: OnMessage): Promise<void> {
    await this.#unsubscribe('punsubscribe', this.#patterns, [pattern], onMessage)
  }

  async #subscribe(
    command: 'subscribe' | 'psubscribe',
    known: Map<string, Set<OnMessage>>,
    names: readonly string[],
    onMessage: OnMessage,
  ): Promise<void> {
    for (const name of names) add(known, name, onMessage)
    const connection = this.#connection()
    const wasAttached = connection?.subscriber !== undefined
    try {
      await this.attach(connection)
      // Asked again for those that are known: who knew them may still be waiting for the answer.
      if (wasAttached) await ask(await connection?.subscriber, command, names)
    } catch (error) {
      const reason = explainFailure(error, this.#code)
      if (!(reason instanceof ConnectionLost)) for (const name of names) remove(known, name, onMessage)
      throw reason
    }
  }

  async #unsubscribe(
    command: 'unsubscribe' | 'punsubscribe',
    known: Map<string, Set<OnMessage>>,
    names: readonly string[],
    onMessage: OnMessage,
  ): Promise<void> {
    const gone = names.filter((name) => remove(known, name, onMessage))
    if (gone.length > 0) await ask(await this.#connection()?.subscriber, command, gone)
  }

  async #begin(connection: Connection): Promise<Redis> {
    const client = await connection.another()
    client.on('messageBuffer', (channel: Buffer, payload: Buffer | Buffer[] | null) => {
      this.#onMessage(channel.toString(), payload)
    })
    client.on('pmessageBuffer', (pattern: string, channel: Buffer, payload: Buffer) => {
      const name = channel.toString()
      for (const onMessage of this.#patterns.get(pattern) ?? []) onMessage(name, payload)
    })
    // Asked now: a connection that has subscribed answers nothing else.
    connection.subscriberId = await client.client('ID').then(String, () => undefined)
    try {
      await ask(client, 'subscribe', [...this.#channels.keys()])
      await ask(client, 'psubscribe', [...this.#patterns.keys()])
    } catch (error) {
      end(client, explainFailure(error, this.#code))
      throw error
    }
    return client
  }

  async #track(connection: Connection): Promise<void> {
    const subscriber = await connection.subscriber
    if (!subscriber) return
    try {
      await subscriber.subscribe(invalidation)
      await connection.client.call('CLIENT', 'TRACKING', 'ON', 'REDIRECT', connection.subscriberId ?? '')
      connection.isTracking = true
    } catch (error) {
      if (connection.isLost || !(error instanceof Error) || error.name !== 'ReplyError') throw error
      if (this.#saidNoTracking) return
      this.#saidNoTracking = true
      const reason = error.message
      this.#log.warn({ reason }, 'Redis refuses CLIENT TRACKING: queues are looked at every second instead')
    }
  }

  #onMessage(channel: string, payload: Buffer | Buffer[] | null): void {
    if (channel === invalidation) {
      // Nothing in place of keys: the whole database was emptied.
      const bells = Array.isArray(payload)
        ? payload.map((key) => this.#bells.get(key.toString()))
        : this.#bells.values()
      for (const some of bells) for (const bell of some ?? []) bell()
      return
    }
    if (!Buffer.isBuffer(payload)) return
    for (const onMessage of this.#channels.get(channel) ?? []) onMessage(channel, payload)
  }
}

/** Where Redis only refuses what was asked, the rest of the connection lives on. */
function end(client: Redis, reason: Error): void {
  if (!(reason instanceof ConnectionLost)) client.removeAllListeners('close')
  client.disconnect()
}

async function ask(
  client: Redis | undefined,
  command: 'subscribe' | 'psubscribe' | 'unsubscribe' | 'punsubscribe',
  names: readonly string[],
): Promise<void> {
  if (!client) return
  const asked: Promise<unknown>[] = []
  for (let i = 0; i < names.length; i += perCommand) {
    asked.push(client[command](...names.slice(i, i + perCommand)))
  }
  await Promise.all(asked)
}

function add<T>(map: Map<string, Set<T>>, name: string, item: T): void {
  const items = map.get(name)
  if (items) items.add(item)
  else map.set(name, new Set([item]))
}

/** True when it was the last one. */
function remove<T>(map: Map<string, Set<T>>, name: string, item: T): boolean {
  const items = map.get(name)
  if (!items?.delete(item) || items.size > 0) return false
  return map.delete(name)
}
