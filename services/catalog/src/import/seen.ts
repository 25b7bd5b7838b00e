/**
 * Remembers in which line of a file a record or an ISBN was. Bounded: when there are more than it may
 * remember, the older half is forgotten, so that among the last `capacity` keys none is missed.
 */
export class Seen {
  readonly #capacity: number
  #recent = new Map<string, number>()
  #older = new Map<string, number>()

  constructor(capacity = 200_000) {
    this.#capacity = capacity
  }

  /** The line that a key was last seen in. */
  lineOf(key: string): number | undefined {
    return this.#recent.get(key) ?? this.#older.get(key)
  }

  add(key: string, line: number): void {
    if (this.#recent.size >= this.#capacity) {
      this.#older = this.#recent
      this.#recent = new Map()
    }
    this.#recent.set(key, line)
  }
}
