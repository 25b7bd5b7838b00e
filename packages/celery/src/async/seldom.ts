/** Milliseconds between two times that the same is said. */
const every = 60_000

/** What lasts is said once a minute, and at once when it begins anew. */
export class Seldom {
  /** On the clock of `performance.now()`. */
  #saidAt = Number.NEGATIVE_INFINITY

  /** Whether it is time to say it, which then counts as said. */
  isDue(): boolean {
    const now = performance.now()
    if (now - this.#saidAt < every) return false
    this.#saidAt = now
    return true
  }

  /** It is over: the next is another. */
  over(): void {
    this.#saidAt = Number.NEGATIVE_INFINITY
  }
}
