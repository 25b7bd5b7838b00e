import type { CastDestination } from '../brokers/port.ts'
import { encodeJson } from '../protocol/json.ts'
import type { WireMessage } from '../protocol/message.ts'

/** Requests go to every node. */
export const pidboxExchange = { name: 'celery.pidbox', type: 'fanout' } as const
/** Answers go to who asked. */
export const replyExchange = { name: 'reply.celery.pidbox', type: 'direct' } as const

/** Seconds after which neither requests nor answers are worth anything, as kombu's queues have it. */
const mailTtl = 300

export function mail(body: unknown, headers: Record<string, unknown>): WireMessage {
  return {
    headers,
    properties: { contentType: 'application/json', contentEncoding: 'utf-8', deliveryMode: 1 },
    body: Buffer.from(encodeJson(body)),
  }
}

export function castTo(exchange: CastDestination['exchange'], routingKey: string): CastDestination {
  return { exchange, routingKey, ttl: mailTtl }
}
