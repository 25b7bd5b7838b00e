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

/** What is kept of a key. */
export interface Bucket {
  /** How long it takes from `atMs` until the burst is whole again, in milliseconds. */
  readonly debtMs: number
  /** Milliseconds since the epoch. */
  readonly atMs: number
}

// Debts are sums of fractions of milliseconds.
const roundingMs = 1e-6

/** One request by the generic cell rate algorithm (ITU-T I.371): a bucket that leaks, kept as how full it is. */
export function gcra(
  { burst, perMinute }: RateRule,
  bucket: Bucket,
  nowMs: number,
): { verdict: RateVerdict; bucket: Bucket } {
  const interval = 60_000 / perMinute
  const capacity = burst * interval
  const before = Math.max(0, bucket.debtMs - Math.max(0, nowMs - bucket.atMs))
  const waitMs = before + interval - capacity
  const allowed = waitMs <= roundingMs
  const debtMs = allowed ? before + interval : before
  const remaining = Math.max(0, Math.floor((capacity - debtMs + roundingMs) / interval))
  const retryAfterSeconds = allowed ? 0 : Math.ceil(waitMs / 1000)
  return { verdict: { allowed, remaining, retryAfterSeconds }, bucket: { debtMs, atMs: nowMs } }
}

/** A limiter that remembers the `maxKeys` keys seen last; a forgotten key starts with a full burst. */
export function createRateLimiter(options: RateRule & { readonly maxKeys: number }): RateLimiter {
  const buckets = new LRUCache<string, Bucket>({ max: options.maxKeys })
  return {
    take(key, nowMs) {
      const { verdict, bucket } = gcra(options, buckets.get(key) ?? { debtMs: 0, atMs: nowMs }, nowMs)
      buckets.set(key, bucket)
      return verdict
    },
  }
}
