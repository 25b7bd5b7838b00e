import { isIPv6 } from 'node:net'
import type { FastifyReply } from 'fastify'
import type { HttpLimits } from '../limits/limits.ts'
import { createRateLimiter, type RateRule } from '../limits/rate-limit.ts'
import { httpProblem } from '../problems/http-problems.ts'

/** Whom a limit counts. */
export type RateScope = 'client' | 'account'

/** Counts one request of `key`, and tells the client where it stands. */
export type CountRequest = (key: string, reply: FastifyReply) => void

/**
 * A rate limit as requests meet it. Answers carry the fields of draft-ietf-httpapi-ratelimit-headers-10:
 * `RateLimit-Policy: "client";q=1000;w=10` (requests, and the seconds after which as many are there again) and
 * `RateLimit: "client";r=999` (how many are left).
 * The function it returns throws Problem `rate_limited` with Retry-After.
 */
export function createRateCheck(
  scope: RateScope,
  rule: RateRule | null,
  {
    rateKeys,
    clock,
    refused,
  }: Pick<HttpLimits, 'rateKeys'> & { clock(): number; refused(scope: RateScope): void },
): CountRequest {
  if (!rule) return () => {}
  const limiter = createRateLimiter({ ...rule, maxKeys: rateKeys })
  const policy = `"${scope}";q=${rule.burst};w=${Math.ceil((rule.burst * 60) / rule.perMinute)}`
  return (key, reply) => {
    const { allowed, remaining, retryAfterSeconds } = limiter.take(key, clock())
    addItem(reply, 'ratelimit-policy', policy)
    addItem(reply, 'ratelimit', `"${scope}";r=${remaining}${allowed ? '' : `;t=${retryAfterSeconds}`}`)
    if (allowed) return
    refused(scope)
    const detail = `too many requests of this ${scope}: wait ${retryAfterSeconds} s`
    throw httpProblem('rate_limited', detail, { headers: { 'retry-after': String(retryAfterSeconds) } })
  }
}

function addItem(reply: FastifyReply, name: string, item: string): void {
  const items = reply.getHeader(name)
  reply.header(name, items === undefined ? item : `${items}, ${item}`)
}

/** What a client is counted by: its address, or its network of /64, within which IPv6 addresses cost nothing. */
export function clientKey(address: string): string {
  if (!isIPv6(address)) return address
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1]
  if (mapped) return mapped
  const [head = '', tail] = address.split('%')[0]?.split('::') ?? []
  const first = head === '' ? [] : head.split(':')
  const last = tail ? tail.split(':') : []
  const zeros = tail === undefined ? [] : Array<string>(Math.max(0, 8 - first.length - last.length)).fill('0')
  return `${[...first, ...zeros, ...last].slice(0, 4).join(':')}::/64`
}
