import { isUtf8 } from 'node:buffer'
import { createHash } from 'node:crypto'
import { Batcher } from '../../async/batcher.ts'
import type { Log } from '../../log.ts'
import { textArrayOf } from '../../postgres/array.ts'
import type { Database } from '../../postgres/database.ts'
import { describeError } from '../../postgres/errors.ts'
import type { Listener } from '../../postgres/listener.ts'
import { decodeJson, encodeJson } from '../../protocol/json.ts'
import type { MessageProperties, WireMessage } from '../../protocol/message.ts'
import type { CastDestination, Listening, ListenOptions } from '../port.ts'
import { matches } from './routes.ts'

/** What a notification may carry is less than 8,000 bytes. */
const maxPayload = 7_900
/** Casts that wait to be sent: more are dropped. */
const maxWaiting = 10_000
/** Seconds that one too large for a notification is kept, unless it is worth nothing before that. */
const keepFor = 60

interface Outgoing {
  channel: string
  payload: string
  ttl: number
  done: () => void
}

/** What is in the payload, under short names as there is little room. */
interface Payload {
  /** Routing key. */
  k: string
  /** Headers and properties. */
  h: Record<string, unknown>
  p: MessageProperties
  /** The body as text, or in base64. */
  t?: string
  b?: string
  /** Makes it differ from all others, as PostgreSQL sends equal ones but once. */
  n: string
}

/** Events and remote control over NOTIFY: heard by who listens now, and by nobody else. */
export class Casts {
  readonly #database: Database
  readonly #listener: Listener
  readonly #schema: string
  readonly #log: Log
  readonly #batcher: Batcher<Outgoing>
  readonly #listens = new Map<string, Set<ListenOptions>>()
  readonly #sender = Math.random().toString(36).slice(2, 10)
  #count = 0

  constructor(database: Database, listener: Listener, schema: string, log: Log) {
    this.#database = database
    this.#listener = listener
    this.#schema = schema
    this.#log = log
    this.#batcher = new Batcher({ maxItems: 500, flush: (casts) => this.#flush(casts) })
  }

  /** Resolves when it is on its way or dropped; never rejects for want of a connection. */
  async cast({ headers, properties, body }: WireMessage, to: CastDestination): Promise<void> {
    const payload: Payload = {
      k: to.routingKey,
      h: headers,
      p: properties,
      ...(isUtf8(body) ? { t: body.toString() } : { b: body.toString('base64') }),
      n: `${this.#sender}${this.#count++}`,
    }
    if (this.#batcher.size >= maxWaiting) return
    const { promise, resolve } = Promise.withResolvers<void>()
    const text = encodeJson(payload, 'message')
    const channel = this.#channelOf(to.exchange.name)
    this.#batcher.add({ channel, payload: text, ttl: to.ttl ?? keepFor, done: resolve })
    return promise
  }

  async listen(options: ListenOptions): Promise<Listening> {
    const channel = this.#channelOf(options.exchange.name)
    const listens = this.#listens.get(channel) ?? new Set()
    this.#listens.set(channel, listens)
    const own = { ...options }
    listens.add(own)
    await this.#listener.listen(channel, (payload) => void this.#heard(channel, payload))
    return {
      stop: async () => {
        listens.delete(own)
        if (listens.size > 0 || this.#listens.get(channel) !== listens) return
        this.#listens.delete(channel)
        await this.#listener.unlisten(channel)
      },
    }
  }

  close(): Promise<void> {
    return this.#batcher.drained()
  }

  #channelOf(exchange: string): string {
    return `${this.#schema}_cast_${createHash('sha256').update(exchange).digest('hex').slice(0, 16)}`
  }

  async #flush(casts: Outgoing[]): Promise<void> {
    const [large, small] = [casts.filter(isLarge), casts.filter((cast) => !isLarge(cast))]
    try {
      if (small.length > 0) await this.#notify(small)
      for (const cast of large) await this.#keep(cast)
    } catch (error) {
      this.#log.debug(
        { reason: describeError(error), count: casts.length },
        'events or replies were not sent',
      )
    }
    for (const { done } of casts) done()
  }

  #notify(casts: Outgoing[]): Promise<unknown> {
    const text = `SELECT count(pg_notify(c.channel, c.payload)), set_config('synchronous_commit', 'off', true)
      FROM unnest($1::text[], $2::text[]) AS c (channel, payload)`
    const channels = textArrayOf(casts.map(({ channel }) => channel))
    return this.#database.query(text, [channels, textArrayOf(casts.map(({ payload }) => payload))], 10_000)
  }

  #keep({ channel, payload, ttl }: Outgoing): Promise<unknown> {
    const text = `WITH kept AS (
        INSERT INTO ${this.#schema}.casts (payload, expires_at)
        VALUES ($2, clock_timestamp() + make_interval(secs => $3)) RETURNING id)
      SELECT pg_notify($1, '@' || id) FROM kept`
    return this.#database.query(text, [channel, payload, Math.min(ttl, keepFor)], 10_000)
  }

  async #heard(channel: string, payload: string): Promise<void> {
    try {
      const text = payload.startsWith('@') ? await this.#fetch(payload.slice(1)) : payload
      if (text !== undefined) this.#deliver(channel, decodeJson(text) as Payload)
    } catch (error) {
      this.#log.warn({ reason: describeError(error) }, 'an event or a request could not be read')
    }
  }

  async #fetch(id: string): Promise<string | undefined> {
    const [row] = await this.#database.query(
      `SELECT payload FROM ${this.#schema}.casts WHERE id = $1`,
      [id],
      10_000,
    )
    return row?.[0] as string | undefined
  }

  #deliver(channel: string, { k: routingKey, h: headers, p: properties, t, b = '' }: Payload): void {
    const body = t === undefined ? Buffer.from(b, 'base64') : Buffer.from(t)
    for (const { exchange, routingKey: bound, onMessage } of this.#listens.get(channel) ?? [])
      if (matches(exchange.type, bound, routingKey)) onMessage({ headers, properties, body }, routingKey)
  }
}

function isLarge({ payload }: Outgoing): boolean {
  return payload.length * 3 > maxPayload && Buffer.byteLength(payload) > maxPayload
}
