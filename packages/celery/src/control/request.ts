import { readCast } from '../events/read-cast.ts'
import type { WireMessage } from '../protocol/message.ts'
import { isRecord } from '../protocol/shape.ts'
import { matches } from './matcher.ts'

/** What remote control asks, as kombu's mailbox sends it. */
export interface ControlRequest {
  method: string
  arguments: Record<string, unknown>
  /** Undefined when nobody waits for an answer. */
  replyTo: { exchange: string; routingKey: string } | undefined
  /** The answer carries it back. */
  ticket: unknown
}

/**
 * The request in the message, if there is one and it is for this node; throws on a body that is no JSON, or too large.
 *
 * The header `expires` says until when the asker waits for answers, by its own clock. It is not heeded, and Python's
 * workers do not heed it either: a revocation that comes late, or from a machine whose clock is behind, must count.
 */
export function readRequest(message: WireMessage, hostname: string): ControlRequest | undefined {
  if (message.properties.contentType !== 'application/json') return undefined
  const request = readCast(message)
  if (!isRecord(request) || typeof request.method !== 'string') return undefined
  if (!isFor(hostname, request)) return undefined
  return {
    method: request.method,
    arguments: isRecord(request.arguments) ? request.arguments : {},
    replyTo: replyAddress(request.reply_to),
    ticket: request.ticket ?? null,
  }
}

/** Named in `destination`, or else fitting `pattern`, or else everybody. */
function isFor(hostname: string, { destination, pattern, matcher }: Record<string, unknown>): boolean {
  if (Array.isArray(destination) && destination.length > 0) return destination.includes(hostname)
  if (typeof destination === 'string' && destination !== '') return destination === hostname
  if (typeof pattern === 'string' && typeof matcher === 'string' && pattern && matcher)
    return matches(hostname, pattern, matcher)
  return true
}

function replyAddress(value: unknown): ControlRequest['replyTo'] {
  if (!isRecord(value)) return undefined
  const { exchange, routing_key: routingKey } = value
  if (typeof exchange !== 'string' || typeof routingKey !== 'string') return undefined
  return { exchange, routingKey }
}
