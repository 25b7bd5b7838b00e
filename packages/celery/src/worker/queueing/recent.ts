/** The last `n` to `2n` keys that were added, each with a number, at the cost of one map entry. */
export class Recent {
  readonly #n: number
  #new = new Map<string, number>()
  #old = new Map<string, number>()

  constructor(n: number) {
    this.#n = n
  }

  set(key: string, value: number): void {
    if (this.#new.size >= this.#n) {
      this.#old = this.#new
      this.#new = new Map()
    }
    this.#new.set(key, value)
  }

  get(key: string): number | undefined {
    return this.#new.get(key) ?? this.#old.get(key)
  }

  delete(key: string): void {
    this.#new.delete(key)
    this.#old.delete(key)
  }
}
