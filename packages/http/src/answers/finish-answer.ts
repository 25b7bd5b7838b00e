import { hash } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { sendTagged } from './conditional.ts'
import { addVary } from './vary.ts'

// Hashing this much takes a fraction of a millisecond; what is larger is sent as it is.
const maxHashed = 262_144

/** Closing a connection costs less than reading the rest of a body that is larger than this. */
const maxDiscarded = 65_536

/**
 * The last look at an answer: what caches may do with it, an ETag and 304 for JSON, and whether the connection can
 * be kept.
 * @returns what is sent as the body
 */
export function finishAnswer(request: FastifyRequest, reply: FastifyReply, payload: unknown): unknown {
  if (hasUnreadBody(request)) reply.header('connection', 'close')
  const { method } = request.raw
  if (method !== 'GET' && method !== 'HEAD') return payload
  if (!reply.hasHeader('cache-control')) {
    // "no-cache" is kept but asked about before it is used again, which the ETag makes cheap.
    reply.header('cache-control', request.identity ? 'private, no-cache' : 'no-cache')
  }
  if (reply.statusCode === 200 && typeof payload === 'string') tagAnswer(request, reply, payload)
  if (reply.statusCode !== 304) return payload
  reply.removeHeader('content-type')
  reply.removeHeader('content-length')
  return null
}

function tagAnswer(request: FastifyRequest, reply: FastifyReply, payload: string): void {
  addVary(reply, 'accept-encoding')
  if (reply.hasHeader('etag') || payload.length > maxHashed) return
  sendTagged(request, reply, `W/"${hash('sha1', payload, 'base64url')}"`)
}

function hasUnreadBody({ raw }: FastifyRequest): boolean {
  if (raw.complete) return false
  const { headers } = raw
  // A client that waits to be asked may never send what it announced.
  if (headers.expect !== undefined) return true
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > maxDiscarded
}
