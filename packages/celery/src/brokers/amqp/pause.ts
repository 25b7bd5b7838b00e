/** The waiting of one loop, which can be broken off for good. */
export class Pause {
  #isStopped = false
  #wake: (() => void) | undefined

  get isStopped(): boolean {
    return this.#isStopped
  }

  stop(): void {
    this.#isStopped = true
    this.#wake?.()
  }

  /** Whether to go on: false once it was stopped. */
  async wait(seconds: number): Promise<boolean> {
    if (this.#isStopped) return false
    const { promise, resolve } = Promise.withResolvers<void>()
    const timer = setTimeout(resolve, seconds * 1_000)
    this.#wake = resolve
    await promise
    clearTimeout(timer)
    return !this.#isStopped
  }
}
