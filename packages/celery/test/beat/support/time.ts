import type { BeatClock } from '../../../src/beat/beat.ts'

interface Timer {
  at: number
  callback: () => void
}

/** Time that goes on when a test says so. Elapsed time and the clock on the wall are two: the latter can be set. */
export class FakeTime implements BeatClock {
  #elapsed = 0
  #wall: number
  #timers: Timer[] = []
  #idle = Promise.withResolvers<void>()

  constructor(start: string) {
    this.#wall = Date.parse(start)
  }

  readonly elapsed = (): number => this.#elapsed
  readonly now = (): Date => new Date(this.#wall + this.#elapsed)

  readonly after = (milliseconds: number, callback: () => void): (() => void) => {
    const timer = { at: this.#elapsed + milliseconds, callback }
    this.#timers.push(timer)
    this.#idle.resolve()
    return () => this.#remove(timer)
  }

  /** Sets the clock on the wall by so many seconds. */
  set(seconds: number): void {
    this.#wall += seconds * 1000
  }

  /** Resolves when whoever was woken waits again. */
  async idle(): Promise<void> {
    if (this.#timers.length === 0) await this.#idle.promise
  }

  /** Lets time pass, and each timer ring when it is its time. */
  async pass(seconds: number): Promise<void> {
    const end = this.#elapsed + seconds * 1000
    for (;;) {
      await this.idle()
      const next = this.#timers.toSorted((a, b) => a.at - b.at)[0]
      if (next === undefined || next.at > end) break
      this.#elapsed = Math.max(this.#elapsed, next.at)
      this.#remove(next)
      next.callback()
    }
    this.#elapsed = end
  }

  /** Lets time pass while nobody waits. */
  skip(seconds: number): void {
    this.#elapsed += seconds * 1000
  }

  #remove(timer: Timer): void {
    this.#timers = this.#timers.filter((one) => one !== timer)
    if (this.#timers.length === 0) this.#idle = Promise.withResolvers()
  }
}
