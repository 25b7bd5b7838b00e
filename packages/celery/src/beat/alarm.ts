import type { BeatClock } from './beat.ts'

/** Waits that can be cut short: a ring while nobody waits ends the next wait at once. */
export class Alarm {
  readonly #clock: BeatClock
  #wake: (() => void) | undefined
  #rang = false

  constructor(clock: BeatClock) {
    this.#clock = clock
  }

  ring(): void {
    this.#rang = true
    this.#wake?.()
  }

  async wait(milliseconds: number): Promise<void> {
    if (!this.#rang) {
      await new Promise<void>((resolve) => {
        // Timers may ring a little early: a due time is then still to come, and looked at twice.
        const cancel = this.#clock.after(Math.ceil(milliseconds), resolve)
        this.#wake = () => {
          cancel()
          resolve()
        }
      })
    }
    this.#wake = undefined
    this.#rang = false
  }
}
