/**
 * Lamport's logical clock, with which Celery orders events of processes whose clocks differ.
 * @see https://doi.org/10.1145/359545.359563
 */
export class LamportClock {
  #value = 0

  get value(): number {
    return this.#value
  }

  /** Before an event is sent. */
  forward(): number {
    this.#value += 1
    return this.#value
  }

  /** When one is received with its sender's clock. */
  adjust(other: number): number {
    this.#value = Math.max(this.#value, other) + 1
    return this.#value
  }
}
