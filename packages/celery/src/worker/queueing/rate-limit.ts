import { CeleryError } from '../../errors.ts'
import { quoted } from '../../protocol/protocol-error.ts'
import { readRate } from '../../protocol/rate.ts'

/** A limit in starts per second; undefined is none, as `0` and an empty text are. Throws `BAD_OPTION` for what is no rate. */
export function parseRate(limit: string | undefined): number | undefined {
  const rate = limit === undefined ? 0 : readRate(limit)
  if (rate === undefined) {
    throw new CeleryError(
      'BAD_OPTION',
      `${quoted(limit)} is no rate limit: write it like 10/s, 100/m or 1000/h`,
    )
  }
  return rate > 0 ? rate : undefined
}

/**
 * A token bucket that holds one token, as Celery's: starts are spread evenly, and what was not used is not saved up.
 * @see https://en.wikipedia.org/wiki/Token_bucket
 */
export class TokenBucket {
  readonly #perSecond: number
  #tokens = 1
  #at: number

  /** `now` is in seconds, of a clock that does not jump. */
  constructor(perSecond: number, now: number) {
    this.#perSecond = perSecond
    this.#at = now
  }

  tryTake(now: number): boolean {
    this.#refill(now)
    if (this.#tokens < 1) return false
    this.#tokens -= 1
    return true
  }

  /** Seconds until there is a token. */
  wait(now: number): number {
    this.#refill(now)
    return Math.max(0, (1 - this.#tokens) / this.#perSecond)
  }

  #refill(now: number): void {
    // A hair is forgiven, so that waiting just as long as told is enough whatever floating point makes of it.
    const tokens = this.#tokens + (now - this.#at) * this.#perSecond
    this.#tokens = tokens > 1 - 1e-9 ? 1 : tokens
    this.#at = now
  }
}
