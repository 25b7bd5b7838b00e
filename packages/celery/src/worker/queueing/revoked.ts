/** What is not to be run, by ids or the like: the newest so many, each for so long, as Celery keeps ids. */
export class RevokedIds {
  readonly #expiry = new Map<string, number>()
  readonly #max: number
  readonly #seconds: number

  constructor(max = 50_000, seconds = 10_800) {
    this.#max = max
    this.#seconds = seconds
  }

  get size(): number {
    return this.#expiry.size
  }

  /** `now` in milliseconds; `until` for one that is to be remembered longer than others. */
  add(id: string, now: number, until = 0): void {
    this.#expiry.delete(id)
    this.#expiry.set(id, Math.max(now + this.#seconds * 1_000, until))
    for (const oldest of this.#expiry.keys()) {
      if (this.#expiry.size <= this.#max) break
      this.#expiry.delete(oldest)
    }
  }

  has(id: string, now: number): boolean {
    const expiry = this.#expiry.get(id)
    if (expiry === undefined) return false
    if (expiry > now) return true
    this.#expiry.delete(id)
    return false
  }

  list(now: number): string[] {
    for (const [id, expiry] of this.#expiry) if (expiry <= now) this.#expiry.delete(id)
    return [...this.#expiry.keys()]
  }
}
