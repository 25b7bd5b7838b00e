import { Fifo } from './fifo.ts'

/** How many run at once, and those that wait for their turn, first come first served. */
export class Slots<T> {
  limit: number
  #used = 0
  #isStarting = false
  readonly #waiting = new Fifo<T>()
  readonly #start: (item: T) => void

  /** `start` must not throw, and gives the slot back with `release`. */
  constructor(limit: number, start: (item: T) => void) {
    this.limit = limit
    this.#start = start
  }

  get used(): number {
    return this.#used
  }

  get waiting(): number {
    return this.#waiting.size
  }

  enter(item: T): void {
    this.#waiting.push(item)
    this.fill()
  }

  release(): void {
    this.#used -= 1
    this.fill()
  }

  /** Starts as many as there is room for; to be called when the limit was raised. */
  fill(): void {
    // What finishes at once releases its slot from within `start`: the loop goes on, instead of one deeper.
    if (this.#isStarting) return
    this.#isStarting = true
    while (this.#used < this.limit) {
      const next = this.#waiting.shift()
      if (next === undefined) break
      this.#used += 1
      this.#start(next)
    }
    this.#isStarting = false
  }

  remove(item: T): boolean {
    return this.#waiting.remove(item)
  }

  /** Takes out all that wait. */
  takeWaiting(): T[] {
    return this.#waiting.take()
  }
}
