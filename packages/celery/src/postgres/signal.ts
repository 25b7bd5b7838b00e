/** Wakes the one who waits for it; when it is set while nobody waits, the next who does goes on at once. */
export class Signal {
  #isSet = false
  #wake: (() => void) | undefined

  set(): void {
    this.#isSet = true
    this.#wake?.()
  }

  /** @param milliseconds after which the wait is over in any case */
  async wait(milliseconds?: number): Promise<void> {
    if (!this.#isSet) {
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#wake = resolve
      const timer = milliseconds === undefined ? undefined : setTimeout(resolve, milliseconds)
      await promise
      clearTimeout(timer)
      this.#wake = undefined
    }
    this.#isSet = false
  }
}
