import { httpProblem, type RateLimiter } from '@colophon/http'

/**
 * Counts one attempt.
 * @throws Problem `rate_limited` with Retry-After, in the same words whatever stands behind the key
 */
export function takeAttempt(limiter: RateLimiter, key: string, now: Date): void {
  const { allowed, retryAfterSeconds } = limiter.take(key, now.getTime())
  if (allowed) return
  throw httpProblem('rate_limited', `too many attempts: try again in ${retryAfterSeconds} seconds`, {
    headers: { 'retry-after': String(retryAfterSeconds) },
  })
}
