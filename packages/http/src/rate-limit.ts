import { LRUCache } from 'lru-cache'

/** How many requests one key may make. */
export interface RateRule {
  /** Requests that may come at once after a pause. */
  readonly burst: number
  /** Requests a minute that may go on for ever. */
  readonly perMinute: number
}

export interface RateVerdict {
  readonly allowed: boolean
  /** Requests that would be allowed right now, after this one. */
  readonly remaining: number
  /** Whole seconds until one more is allowed; 0 when one is allowed now. */
  readonly retryAfterSeconds: number
}

export interface RateLimiter {
  /** Counts one request of `key` at `nowMs` (milliseconds since the epoch). A refused one costs nothing. */
  take(key: string, nowMs: number): RateVerdict
}

/**
 * The generic cell rate algorithm (ITU-T I.371): a bucket that leaks, kept as one number per key.
 * @param fullAt when the key's bucket would be empty again ("theoretical arrival time"), in milliseconds
 * @returns the verdict, and the new `fullAt`
 */
export function gcra(
  rule: RateRule,
  fullAt: number,
  nowMs: number,
): { verdict: RateVerdict; fullAt: number } {
  const interval = 60_000 / rule.perMinute
  const next = Math.max(fullAt, nowMs) + interval
  // The earliest moment at which this request conforms.
  const waitMs = next - rule.burst * interval - nowMs
  // Sums of fractions: a request that is due within a microsecond is due.
  const allowed = waitMs <= 0.001
  const kept = allowed ? next : Math.max(fullAt, nowMs)
  const remaining = Math.max(0, Math.floor((rule.burst * interval - (kept - nowMs)) / interval + 1e-6))
  return {
    verdict: { allowed, remaining, retryAfterSeconds: allowed ? 0 : Math.ceil(waitMs / 1000) },
    fullAt: kept,
  }
}

/** A limiter that remembers the `maxKeys` keys seen last; a forgotten key starts with a full burst. */
export function createRateLimiter(options: RateRule & { readonly maxKeys: number }): RateLimiter {
  const fullAtByKey = new LRUCache<string, number>({ max: options.maxKeys })
  return {
    take(key, nowMs) {
      const { verdict, fullAt } = gcra(options, fullAtByKey.get(key) ?? 0, nowMs)
      fullAtByKey.set(key, fullAt)
      return verdict
    },
  }
}
