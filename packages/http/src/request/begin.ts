import { randomUUIDv7 } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { continueTrace, type Logger, type WorkContext, withContext } from '@colophon/runtime'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { HttpLimits } from '../limits/limits.ts'
import { pathOf } from '../problems/problem-answer.ts'
import type { HttpMetrics } from './metrics.ts'
import type { RequestState } from './request-state.ts'

/** The status that is counted and logged when the connection closed before the whole answer was sent. */
const clientWentAway = 499

const saneRequestId = /^[A-Za-z0-9._-]{1,128}$/

/** The caller's `X-Request-Id` when it is fit for a log line, else a new one. */
export function requestIdOf(request: IncomingMessage): string {
  const given = headerOf(request, 'x-request-id')
  return given !== undefined && saneRequestId.test(given) ? given : randomUUIDv7()
}

function headerOf({ headers }: IncomingMessage, name: string): string | undefined {
  const value = headers[name]
  return typeof value === 'string' ? value : undefined
}

export interface BeginOptions {
  readonly limits: HttpLimits
  readonly metrics: HttpMetrics
  readonly logger: Logger
}

/**
 * Gives a request its id, its trace and its deadline, and sees to it that its end is counted and logged.
 * The function it returns calls `proceed` within the context of the request.
 */
export function createBeginning(options: BeginOptions) {
  const { limits } = options
  return (request: FastifyRequest, reply: FastifyReply, proceed: () => void): void => {
    const startedAt = performance.now()
    const context: WorkContext = {
      requestId: request.id,
      traceparent: continueTrace(headerOf(request.raw, 'traceparent')),
      // By the clock that whoever keeps to the deadline reads it by, such as the database's client.
      deadline: Date.now() + limits.requestMs,
    }
    const state: RequestState = { context, bodyProblems: [], ended: false }
    request.state = state
    reply.header('x-request-id', request.id)
    reply.raw.once('close', () => end(request, reply, startedAt, options))
    withContext(context, proceed)
  }
}

function end(request: FastifyRequest, reply: FastifyReply, startedAt: number, options: BeginOptions): void {
  const { state, method } = request
  state.place?.leave()
  state.ended = true
  const now = performance.now()
  const { raw } = reply
  // A stream of events was answered as it began, and it is for its client to end it.
  const { streamsSince: answeredAt = now } = state
  const isStream = state.streamsSince !== undefined
  const cutOff = !isStream && !raw.writableFinished && raw.socket?.destroyed === true
  const status = cutOff ? clientWentAway : raw.statusCode
  const route = state.route?.url ?? 'unmatched'
  options.metrics.answered(method, route, status, (answeredAt - startedAt) / 1000)
  const level = state.route?.isProbe ? 'debug' : 'info'
  if (!options.logger.isLevelEnabled(level)) return
  // The response's last event comes from the socket, outside the context of the request.
  withContext(state.context, () => {
    const fields = {
      method,
      route,
      path: pathOf(request.raw.url),
      status,
      durationMs: Math.round((now - startedAt) * 100) / 100,
      bytes: bytesOf(reply),
    }
    options.logger[level](fields, 'request')
  })
}

/** The size of the answer's body, undefined for a stream. */
function bytesOf(reply: FastifyReply): number | undefined {
  const length = reply.getHeader('content-length')
  return length === undefined ? undefined : Number(length)
}
