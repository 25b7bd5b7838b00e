import { Fifo } from './fifo.ts'

export interface SlotsOptions<T> {
  /** How many run at once. */
  limit: number
  /** For each of these, so many more may have run and still have their end written. */
  ending: number
  /** Must not throw; gives the slot back with `release`, or with `ran` and later `written`. */
  start(item: T): void
}

/** Milliseconds that starts may take before the event loop has its turn: connections must be kept alive. */
const longestTurn = 20

/** How many run at once, and those that wait for their turn, first come first served. */
export class Slots<T> {
  limit: number
  #used = 0
  #ending = 0
  #isStarting = false
  /** When the first was started in this turn of the event loop. */
  #turn: number | undefined
  readonly #waiting = new Fifo<T>()
  readonly #options: SlotsOptions<T>

  constructor(options: SlotsOptions<T>) {
    this.limit = options.limit
    this.#options = options
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

  /** Its slot is free for the next, while what it ended with is written. */
  ran(): void {
    this.#ending += 1
    this.release()
  }

  written(): void {
    this.#ending -= 1
    this.fill()
  }

  /** Starts as many as there is room for; to be called when the limit was raised. */
  fill(): void {
    // What finishes at once releases its slot from within `start`: the loop goes on, instead of one deeper.
    if (this.#isStarting) return
    this.#isStarting = true
    while (this.#hasRoom() && this.#hasTime()) {
      const next = this.#waiting.shift()
      if (next === undefined) break
      this.#used += 1
      this.#options.start(next)
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

  #hasRoom(): boolean {
    return this.#used < this.limit && this.#ending < this.limit * this.#options.ending
  }

  #hasTime(): boolean {
    if (this.#waiting.size === 0) return false
    if (this.#turn !== undefined) return performance.now() - this.#turn < longestTurn
    this.#turn = performance.now()
    setImmediate(() => {
      this.#turn = undefined
      this.fill()
    })
    return true
  }
}
