export interface BatcherOptions<Item> {
  /** Items of one batch at most. */
  maxItems: number
  /** Bytes of one batch, more or less; an item by itself may be larger. */
  maxBytes?: number
  sizeOf?(item: Item): number
  /** Must not reject: it settles what the items carry. */
  flush(items: Item[]): Promise<void>
}

/**
 * Gathers what comes within one turn of the event loop, and whatever comes while a batch is under way, and hands it over
 * as one: one batch at a time, in the order it came.
 */
export class Batcher<Item> {
  readonly #options: BatcherOptions<Item>
  #waiting: Item[] = []
  #running: Promise<void> | undefined

  constructor(options: BatcherOptions<Item>) {
    this.#options = options
  }

  get size(): number {
    return this.#waiting.length
  }

  add(item: Item): void {
    this.#waiting.push(item)
    this.#running ??= this.#run()
  }

  /** Resolves when all that was added so far is done with. */
  async drained(): Promise<void> {
    await this.#running
  }

  async #run(): Promise<void> {
    await new Promise(setImmediate)
    while (this.#waiting.length > 0) await this.#options.flush(this.#take())
    this.#running = undefined
  }

  #take(): Item[] {
    const { maxItems, maxBytes = Number.POSITIVE_INFINITY, sizeOf = () => 0 } = this.#options
    let count = 0
    for (let bytes = 0; count < maxItems && count < this.#waiting.length; count++) {
      bytes += sizeOf(this.#waiting[count] as Item)
      if (bytes > maxBytes && count > 0) break
    }
    const taken = this.#waiting.slice(0, count)
    this.#waiting = this.#waiting.slice(count)
    return taken
  }
}
