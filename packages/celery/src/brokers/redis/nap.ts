/** A pause that ends early when somebody calls: also when the call came after `arm` but before the pause. */
export class Nap {
  #isCalled = false
  #wake: (() => void) | undefined

  /** From now on a call is heard. */
  arm(): void {
    this.#isCalled = false
  }

  get isCalled(): boolean {
    return this.#isCalled
  }

  wake(): void {
    this.#isCalled = true
    this.#wake?.()
  }

  /** Without a time, until somebody calls. */
  async rest(milliseconds?: number): Promise<void> {
    if (this.#isCalled || milliseconds === 0) return
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#wake = resolve
    const timer = milliseconds === undefined ? undefined : setTimeout(resolve, milliseconds)
    await promise
    clearTimeout(timer)
    this.#wake = undefined
  }
}
