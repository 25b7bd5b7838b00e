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
  const { broker, clock, hostname, flushInterval = 0.05, log = noLog, now = () => new Date() } = options
  const groups = new Set(options.groups ?? ['worker'])
  const headers = { hostname }
  const buffer: CeleryEvent[] = []
  let dropped = 0
  let timer: NodeJS.Timeout | undefined
  let flushing: Promise<void> | undefined
  let isClosed = false
  /** Casts of events that are not gathered, on their way. */
  const casts = new Set<Promise<void>>()

  const unwatch = broker.watch((state) => {
    if (state === 'open') void flush()
  })

  function send(type: string, fields: Record<string, unknown> = {}): void {
    const group = groupOf(type)
    if (!groups.has(group) || isClosed) return
    const at = now()
    const event: CeleryEvent = {
      type,
      hostname,
      timestamp: at.getTime() / 1000,
      utcoffset: utcOffset(at),
      pid: process.pid,
      clock: clock.forward(),
      ...fields,
    }
    if (group === 'task') gather(event)
    else if (broker.state === 'open' && casts.size < maxCasts) castAlone(event)
  }

  function castAlone(event: CeleryEvent): void {
    const sent = cast(event, routingKeyOf(event.type)).then(() => {
      casts.delete(sent)
    })
    casts.add(sent)
  }

  function gather(event: CeleryEvent): void {
    buffer.push(event)
    if (buffer.length > maxBuffered) dropped += buffer.splice(0, maxBatch).length
    if (broker.state !== 'open') return
    if (buffer.length >= maxBatch) void flush()
    else flushLater()
  }

  function flushLater(): void {
    timer ??= setTimeout(flush, flushInterval * 1000).unref()
  }

  function flush(): Promise<void> {
    clearTimeout(timer)
    timer = undefined
    flushing ??= sendGathered().finally(() => {
      flushing = undefined
      // What came after the last look, while this was still said to be going on.
      if (buffer.length > 0 && broker.state === 'open') flushLater()
    })
    return flushing
  }

  /** One message at a time, so that a slow connection makes the buffer grow (and be cut), not the socket's. */
  async function sendGathered(): Promise<void> {
    while (buffer.length > 0 && broker.state === 'open') {
      if (dropped > 0) log.warn({ dropped }, 'task events dropped: the broker was away or too slow')
      dropped = 0
      await cast(buffer.splice(0, maxBatch), 'task.multi')
    }
  }

  async function cast(content: CeleryEvent | CeleryEvent[], routingKey: string): Promise<void> {
    try {
      const message = {
        headers,
        properties: { contentType: 'application/json', contentEncoding: 'utf-8', deliveryMode: 1 as const },
        body: Buffer.from(encode(content)),
      }
      await broker.cast(message, { exchange: eventExchange, routingKey })
    } catch (error) {
      log.debug({ error, routingKey }, 'event not sent')
    }
  }

  return {
    hostname,
    isEnabled: (group) => groups.has(group),
    enable(group) {
      if (groups.has(group)) return false
      groups.add(group)
      return true
    },
    disable: (group) => groups.delete(group),
    send,
    flush,
    async close() {
      if (isClosed) return
      isClosed = true
      unwatch()
      await atMost(closeTimeout, Promise.all([flush(), ...casts]))
    },
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
