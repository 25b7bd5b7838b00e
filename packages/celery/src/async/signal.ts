import { timerOf } from './timer.ts'

/** Calls back in so many milliseconds; returns what prevents it. */
type After = (milliseconds: number, callback: () => void) => () => void

/** Wakes the one who waits for it; when it is set while nobody waits, the next who does goes on at once. */
export class Signal {
  readonly #after: After
  #isSet = false
  #wake: (() => void) | undefined

  /** @param after another clock, for tests */
  constructor(after: After = afterTime) {
    this.#after = after
  }

  set(): void {
    this.#isSet = true
    this.#wake?.()
  }

  /** What it was set for so far is known: the next wait is for what comes after. */
  clear(): void {
    this.#isSet = false
  }

  /** Waits until it is set, but no longer than so many seconds, or than a timer can. Whether it was set. */
  async wait(seconds?: number): Promise<boolean> {
    if (!this.#isSet) {
      const { promise, resolve } = Promise.withResolvers<void>()
      // Timers may ring a little early: what is due then would not be yet.
      const cancel = seconds === undefined ? undefined : this.#after(Math.ceil(timerOf(seconds)), resolve)
      this.#wake = () => {
        cancel?.()
        resolve()
      }
      await promise
      this.#wake = undefined
    }
    const wasSet = this.#isSet
    this.#isSet = false
    return wasSet
  }
}

const afterTime: After = (milliseconds, callback) => {
  const timer = setTimeout(callback, milliseconds)
  return () => clearTimeout(timer)
}
