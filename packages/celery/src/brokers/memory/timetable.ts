import { longestTimer } from '../../async/timer.ts'

interface Entry {
  at: number
  run(): void
}

/** What is to be done when it is due, the next of it first. */
export class Timetable {
  readonly #entries: Entry[] = []
  #timer: NodeJS.Timeout | undefined
  #isRunning = false

  get size(): number {
    return this.#entries.length
  }

  start(): void {
    this.#isRunning = true
    this.#wait()
  }

  stop(): void {
    this.#isRunning = false
    clearTimeout(this.#timer)
  }

  /** `at` is in milliseconds since 1970. */
  add(at: number, run: () => void): void {
    const entry = { at, run }
    this.#entries.splice(this.#placeOf(at), 0, entry)
    if (this.#entries[0] === entry) this.#wait()
  }

  #placeOf(at: number): number {
    let low = 0
    let high = this.#entries.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#entries[middle]?.at ?? 0) <= at) low = middle + 1
      else high = middle
    }
    return low
  }

  #wait(): void {
    clearTimeout(this.#timer)
    const next = this.#entries[0]
    if (!next || !this.#isRunning) return
    const left = Math.min(Math.max(0, next.at - Date.now()), longestTimer)
    this.#timer = setTimeout(() => this.#runDue(), left)
  }

  #runDue(): void {
    const now = Date.now()
    const due = this.#entries.splice(0, this.#placeOf(now))
    for (const entry of due) entry.run()
    this.#wait()
  }
}
