/**
 * A map whose entries live for a time, whatever is made of the clock meanwhile, and of which the oldest go when there are
 * too many.
 */
export class Expiring<Value> {
  readonly #lifetime: number
  readonly #max: number
  /** In the order of their writing, so that those that expire are in front. */
  readonly #entries = new Map<string, { value: Value; until: number }>()

  /** @param lifetime seconds */
  constructor(lifetime: number, max: number) {
    this.#lifetime = lifetime * 1000
    this.#max = max
  }

  get(key: string): Value | undefined {
    const entry = this.#entries.get(key)
    return entry !== undefined && entry.until > performance.now() ? entry.value : undefined
  }

  set(key: string, value: Value): void {
    const now = performance.now()
    this.#entries.delete(key)
    this.#entries.set(key, { value, until: now + this.#lifetime })
    for (const [oldest, { until }] of this.#entries) {
      if (until > now && this.#entries.size <= this.#max) break
      this.#entries.delete(oldest)
    }
  }

  delete(key: string): void {
    this.#entries.delete(key)
  }
}
