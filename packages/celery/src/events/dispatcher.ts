import { atMost } from '../async/within.ts'
import type { Broker } from '../brokers/port.ts'
import { type Log, noLog } from '../log.ts'
import type { LamportClock } from './clock.ts'
import { type CeleryEvent, eventExchange, groupOf, routingKeyOf, utcOffset } from './event.ts'

/** What the dispatcher asks of a broker. */
export type EventBroker = Pick<Broker, 'state' | 'watch' | 'cast'>

export interface EventDispatcherOptions {
  broker: EventBroker
  clock: LamportClock
  /** The node's name: `celery@web1`, or `gen<pid>@web1` of a client. */
  hostname: string
  /** Which events are sent, by what stands before the dash of their type: `worker` alone when absent. */
  groups?: Iterable<string>
  /** Seconds for which task events are gathered into one message: 0.05 when absent. */
  flushInterval?: number
  log?: Log
  now?(): Date
}

/**
 * Sends events. Never throws and never waits: events are for those who watch, and work goes on without them.
 *
 * Task events are gathered and sent as a list, as Python's workers send them; others at once. While the broker is
 * away the newest 10,000 task events are kept for its return.
 */
export interface EventDispatcher {
  readonly hostname: string
  /** To be asked before fields are made that cost something. */
  isEnabled(group: string): boolean
  /** Both say whether that changed anything. */
  enable(group: string): boolean
  disable(group: string): boolean
  /** `type` with its group before the first dash. Nothing happens when the group is not enabled. */
  send(type: string, fields?: Record<string, unknown>): void
  /** Resolves when the task events gathered so far are on their way, or the broker is away. */
  flush(): Promise<void>
  /** Sends what was gathered, for 2 seconds at most; then nothing more is sent. */
  close(): Promise<void>
}

const maxBuffered = 10_000
/** Events in one message: some 50 kB. */
const maxBatch = 100
/** Other events on their way at a time; further ones are dropped. */
const maxCasts = 100
const closeTimeout = 2

export function createEventDispatcher(options: EventDispatcherOptions): EventDispatcher {
  return new Dispatcher(options)
}

class Dispatcher implements EventDispatcher {
  readonly hostname: string
  readonly #broker: EventBroker
  readonly #clock: LamportClock
  readonly #flushInterval: number
  readonly #log: Log
  readonly #now: () => Date
  readonly #groups: Set<string>
  readonly #headers: { hostname: string }
  readonly #buffer: CeleryEvent[] = []
  readonly #unwatch: () => void
  /** Casts of events that are not gathered, on their way. */
  readonly #casts = new Set<Promise<void>>()
  #dropped = 0
  #timer: NodeJS.Timeout | undefined
  #flushing: Promise<void> | undefined
  #isClosed = false

  constructor(options: EventDispatcherOptions) {
    const { broker, hostname, log = noLog, now = () => new Date() } = options
    this.hostname = hostname
    this.#broker = broker
    this.#clock = options.clock
    this.#flushInterval = options.flushInterval ?? 0.05
    this.#log = log
    this.#now = now
    this.#groups = new Set(options.groups ?? ['worker'])
    this.#headers = { hostname }
    this.#unwatch = broker.watch((state) => {
      if (state === 'open') void this.flush()
    })
  }

  isEnabled(group: string): boolean {
    return this.#groups.has(group)
  }

  enable(group: string): boolean {
    if (this.#groups.has(group)) return false
    this.#groups.add(group)
    return true
  }

  disable(group: string): boolean {
    return this.#groups.delete(group)
  }

  send(type: string, fields: Record<string, unknown> = {}): void {
    const group = groupOf(type)
    if (!this.#groups.has(group) || this.#isClosed) return
    const at = this.#now()
    const event: CeleryEvent = {
      type,
      hostname: this.hostname,
      timestamp: at.getTime() / 1000,
      utcoffset: utcOffset(at),
      pid: process.pid,
      clock: this.#clock.forward(),
      ...fields,
    }
    if (group === 'task') this.#gather(event)
    else if (this.#broker.state === 'open' && this.#casts.size < maxCasts) this.#castAlone(event)
  }

  flush(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#flushing ??= this.#sendGathered().finally(() => {
      this.#flushing = undefined
      // What came after the last look, while this was still said to be going on.
      if (this.#buffer.length > 0 && this.#broker.state === 'open') this.#flushLater()
    })
    return this.#flushing
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#unwatch()
    await atMost(closeTimeout, Promise.all([this.flush(), ...this.#casts]))
  }

  #castAlone(event: CeleryEvent): void {
    const sent = this.#cast(event, routingKeyOf(event.type)).then(() => {
      this.#casts.delete(sent)
    })
    this.#casts.add(sent)
  }

  #gather(event: CeleryEvent): void {
    this.#buffer.push(event)
    if (this.#buffer.length > maxBuffered) this.#dropped += this.#buffer.splice(0, maxBatch).length
    if (this.#broker.state !== 'open') return
    if (this.#buffer.length >= maxBatch) void this.flush()
    else this.#flushLater()
  }

  #flushLater(): void {
    this.#timer ??= setTimeout(() => this.flush(), this.#flushInterval * 1000).unref()
  }

  /** One message at a time, so that a slow connection makes the buffer grow (and be cut), not the socket's. */
  async #sendGathered(): Promise<void> {
    while (this.#buffer.length > 0 && this.#broker.state === 'open') {
      const dropped = this.#dropped
      if (dropped > 0) this.#log.warn({ dropped }, 'task events dropped: the broker was away or too slow')
      this.#dropped = 0
      await this.#cast(this.#buffer.splice(0, maxBatch), 'task.multi')
    }
  }

  async #cast(content: CeleryEvent | CeleryEvent[], routingKey: string): Promise<void> {
    try {
      const message = {
        headers: this.#headers,
        properties: { contentType: 'application/json', contentEncoding: 'utf-8', deliveryMode: 1 as const },
        body: Buffer.from(encode(content)),
      }
      await this.#broker.cast(message, { exchange: eventExchange, routingKey })
    } catch (error) {
      this.#log.debug({ err: error, routingKey }, 'event not sent')
    }
  }
}

/** An event of a caller's own may hold what JSON cannot; it must not take the others with it. */
function encode(content: CeleryEvent | CeleryEvent[]): string {
  try {
    return JSON.stringify(content)
  } catch (error) {
    if (!Array.isArray(content)) throw error
    return JSON.stringify(content.filter(isEncodable))
  }
}

function isEncodable(event: CeleryEvent): boolean {
  try {
    JSON.stringify(event)
    return true
  } catch {
    return false
  }
}
