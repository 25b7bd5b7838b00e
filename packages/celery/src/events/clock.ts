/** No clock of a cluster gets here by counting; above it, numbers would soon end, and the clock stand still. */
const mostPlausible = 2 ** 52

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

  /** When one is received with its sender's clock; what cannot be one does not move ours to it. */
  adjust(other: unknown): number {
    if (isClock(other)) this.#value = Math.max(this.#value, other)
    return this.forward()
  }
}

export function isClock(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) <= mostPlausible
}
