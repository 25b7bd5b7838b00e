/** A moment so many seconds from now, however the clock on the wall is set meanwhile. */
export class Deadline {
  /** On the clock of `performance.now()`. */
  readonly #at: number

  constructor(seconds: number) {
    this.#at = performance.now() + seconds * 1_000
  }

  /** Seconds until then; 0 once it is over. */
  get left(): number {
    return Math.max(0, this.#at - performance.now()) / 1_000
  }

  /** Milliseconds until then; 1 at least. */
  get leftMs(): number {
    return Math.max(1, this.left * 1_000)
  }

  get isOver(): boolean {
    return this.left === 0
  }
}
