import { CeleryError } from '../../errors.ts'

const secondsOf: Record<string, number> = { s: 1, m: 60, h: 3_600 }

/**
 * Reads a limit as Celery writes it (`10/s`, `100/m`, `0.5/h`, or a number per second) into starts per second;
 * undefined is none, as `0` and an empty text are. Throws `BAD_OPTION` when it cannot be read.
 */
export function parseRate(limit: string | undefined): number | undefined {
  if (limit === undefined || limit.trim() === '') return undefined
  const [, count, unit = 's'] = /^\s*(\d+(?:\.\d+)?)\s*(?:\/\s*([smh]))?\s*$/.exec(limit) ?? []
  if (count === undefined) {
    throw new CeleryError('BAD_OPTION', `"${limit}" is no rate limit: write it like 10/s, 100/m or 1000/h`)
  }
  const rate = Number(count) / (secondsOf[unit] ?? 1)
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
