import { once } from 'node:events'
import { PassThrough } from 'node:stream'
import { withContext } from '@colophon/runtime'
import type { FastifyRequest } from 'fastify'
import Type from 'typebox'
import type {} from './event-streams.ts'

/** One event as a browser's EventSource gets it. */
export interface ServerEvent {
  /** What a client that comes again sends as Last-Event-ID; one line. */
  readonly id?: string
  /** Its kind, for `addEventListener`; one line. `message` when absent. */
  readonly event?: string
  readonly data: string
}

/**
 * Gives events until `signal` aborts: the client has gone, or is to come again. It is asked for the next event only when
 * the client has taken the one before, so that whoever reads slowly makes nobody keep anything. It runs in the trace of
 * its request, without the deadline.
 */
export type EventSource = (signal: AbortSignal) => AsyncIterable<ServerEvent>

/** Milliseconds. */
export interface SendEventsOptions {
  /** After how long something is sent to a client that there is nothing to tell; 15 s. */
  readonly heartbeatMs?: number
  /** For how long the stream goes on at most; an hour, and less by up to a tenth so that not all come again at once. */
  readonly lifetimeMs?: number
  /** After how long, at most, a client is to come again; 5 s. It is told a time between a fifth of it and the whole. */
  readonly retryMs?: number
}

const defaults = { heartbeatMs: 15_000, lifetimeMs: 3_600_000, retryMs: 5_000 }

type Reply = {
  hijack(): unknown
  type(contentType: string): unknown
  headers(headers: Record<string, string>): unknown
  send(payload?: unknown): unknown
}

/**
 * Answers with events as they happen (https://html.spec.whatwg.org/multipage/server-sent-events.html): return it from a
 * handler. The stream goes on until its source ends, the client goes, the server stops or an hour is over; clients then
 * come again by themselves, with the id of the last event (`lastEventId`). It counts as answered from its begin: not as
 * a request in flight. A client that does not read on is cut off as any other is (`answerStallMs`); until then no more
 * waits for it than the buffers of one stream hold. A source that fails breaks the connection off, and is logged.
 * @throws Problem overloaded, rate_limited when too many streams are open
 */
export function sendEvents<R extends Reply>(
  request: FastifyRequest,
  reply: R,
  source: EventSource,
  options: SendEventsOptions = {},
): R {
  if (request.state.ended) {
    // The client went away meanwhile: nothing is left to be answered.
    reply.hijack()
    return reply
  }
  const body = request.method === 'HEAD' ? undefined : openStream(request, source, options)
  reply.type('text/event-stream')
  // The last is for nginx, which collects answers before it passes them on.
  reply.headers({ 'cache-control': 'no-store, no-transform', 'x-accel-buffering': 'no' })
  reply.send(body)
  return reply
}

function openStream(request: FastifyRequest, source: EventSource, options: SendEventsOptions): PassThrough {
  const { heartbeatMs, lifetimeMs, retryMs } = { ...defaults, ...options }
  const body = new PassThrough()
  const ending = new AbortController()
  const end = () => {
    ending.abort()
    body.end()
  }
  const leave = request.server.eventStreams.enter(request, end)
  const heartbeat = setInterval(() => {
    if (body.writable && !body.writableNeedDrain) body.write(':\n\n')
  }, heartbeatMs)
  const lifetime = setTimeout(end, lifetimeMs * between(0.9, 1))
  // All of it is on its way, or its client has gone.
  body.once('close', () => {
    clearInterval(heartbeat)
    clearTimeout(lifetime)
    end()
    leave()
  })
  const { state } = request
  state.place?.giveUp()
  state.streamsSince = performance.now()
  if (body.writable) body.write(`retry: ${Math.round(retryMs * between(0.2, 1))}\n\n`)
  const { requestId, traceparent } = state.context
  withContext({ requestId, traceparent }, () => pump(source, body, ending.signal))
  return body
}

/** Never rejects: what the source throws ends the stream. */
async function pump(source: EventSource, body: PassThrough, signal: AbortSignal): Promise<void> {
  try {
    if (signal.aborted) return
    for await (const event of source(signal)) {
      if (signal.aborted) return
      if (!body.write(formatEvent(event))) await once(body, 'drain', { signal })
    }
    body.end()
  } catch (error) {
    if (!signal.aborted) body.destroy(error instanceof Error ? error : new Error(String(error)))
  }
}

/**
 * An event as it is sent.
 * @throws Error for an id or a name that would be read as something else
 */
export function formatEvent({ id, event, data }: ServerEvent): string {
  const fields = [...field('id', id), ...field('event', event)]
  const lines = data.split(/\r\n|\r|\n/).map((line) => `data: ${line}\n`)
  return `${fields.join('')}${lines.join('')}\n`
}

function field(name: string, value: string | undefined): string[] {
  if (value === undefined) return []
  if (/[\r\n\0]/.test(value)) throw new Error(`the ${name} of an event must be one line, without NUL`)
  return [`${name}: ${value}\n`]
}

/** The id of the last event that a client has got which comes again; undefined for one that has got none. */
export function lastEventId({ headers }: Pick<FastifyRequest, 'headers'>): string | undefined {
  const id = headers['last-event-id']
  return typeof id === 'string' && id !== '' ? id : undefined
}

/** What a route answers that calls `sendEvents`, for its `response` schema. */
export function eventStream(description: string) {
  return { description, content: { 'text/event-stream': { schema: Type.String() } } }
}

function between(least: number, most: number): number {
  return least + Math.random() * (most - least)
}
