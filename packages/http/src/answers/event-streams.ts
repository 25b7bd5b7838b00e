import { Gauge, type Registry } from '@colophon/runtime'
import type { FastifyRequest } from 'fastify'
import type { RefusalCounts } from '../admission/admission.ts'
import { clientKey } from '../admission/rate-check.ts'
import type { HttpLimits } from '../limits/limits.ts'
import { httpProblem } from '../problems/http-problems.ts'
import type { App } from '../routes/app.ts'

/** The streams of events that are open on a server. */
export interface EventStreams {
  readonly open: number
  /**
   * Takes the place of one more. Once the server stops it is ended as it begins, so that its client comes again, to
   * another process: what is refused, a browser never asks for again.
   * @param end ends it
   * @returns gives the place back
   * @throws Problem overloaded, rate_limited
   */
  enter(request: FastifyRequest, end: () => void): () => void
  /** Ends those that are open, and from now on each as it begins. */
  stop(): void
}

declare module 'fastify' {
  interface FastifyInstance {
    /** The server's own. */
    eventStreams: EventStreams
  }
}

interface EventStreamsOptions {
  readonly limits: Pick<HttpLimits, 'eventStreams' | 'eventStreamsPerClient'>
  readonly refusals: RefusalCounts
  readonly metrics: Registry
}

/** Lets routes answer with streams of events, within the limits, which end as the server stops. */
export function addEventStreams(app: App, options: EventStreamsOptions): void {
  const streams = createEventStreams(options)
  app.decorate('eventStreams', streams)
  // Before the connections are waited for.
  app.addHook('preClose', async () => streams.stop())
  new Gauge({
    name: 'http_event_streams_open',
    help: 'Streams of events that are open',
    registers: [options.metrics],
    collect() {
      this.set(streams.open)
    },
  })
}

function createEventStreams({ limits, refusals }: EventStreamsOptions): EventStreams {
  const ends = new Map<symbol, () => void>()
  const counts = new Map<string, number>()
  let stopped = false

  function admit(client: string): number {
    const count = (counts.get(client) ?? 0) + 1
    if (ends.size >= limits.eventStreams) {
      refusals.shed('event_streams')
      throw httpProblem('overloaded', 'too many streams of events are open: try again in a minute', {
        headers: { 'retry-after': '60' },
      })
    }
    if (count <= limits.eventStreamsPerClient) return count
    const [scope = ''] = client.split(' ')
    refusals.rateLimited(scope === 'account' ? 'account' : 'client')
    const detail = `this ${scope} has ${limits.eventStreamsPerClient} streams of events open: close one first`
    throw httpProblem('rate_limited', detail, { headers: { 'retry-after': '60' } })
  }

  return {
    get open() {
      return ends.size
    },
    enter(request, end) {
      const client = clientOf(request)
      counts.set(client, admit(client))
      const key = Symbol(client)
      ends.set(key, end)
      if (stopped) end()
      return () => {
        if (!ends.delete(key)) return
        const left = (counts.get(client) ?? 1) - 1
        if (left > 0) counts.set(client, left)
        else counts.delete(client)
      }
    },
    stop() {
      stopped = true
      for (const end of ends.values()) end()
    },
  }
}

/** Accounts by themselves, wherever they come from; everybody else by their address. */
function clientOf({ identity, ip }: FastifyRequest): string {
  return identity ? `account ${identity.accountId}` : `client ${clientKey(ip)}`
}
