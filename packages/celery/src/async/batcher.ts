export interface BatcherOptions<Item> {
  /** Items of one batch at most. */
  maxItems: number
  /** Bytes of one batch, more or less; an item by itself may be larger. */
  maxBytes?: number
  sizeOf?(item: Item): number
  /**
   * Milliseconds that the first waits for others; with 0 the rest of this turn of the event loop, and when absent only
   * until the code that is running has come to its end.
   */
  gatherTime?: number
  /** Must not reject: it settles what the items carry. */
  flush(items: Item[]): Promise<void>
}

/**
 * Gathers what comes at the same time, and whatever comes while a batch is under way, and hands it over as one: one batch
 * at a time, in the order it came.
 */
export class Batcher<Item> {
  readonly #options: BatcherOptions<Item>
  #waiting: Item[] = []
  #running: Promise<void> | undefined
  #isDraining = false
  #endGathering: (() => void) | undefined

  constructor(options: BatcherOptions<Item>) {
    this.#options = options
  }

  get size(): number {
    return this.#waiting.length
  }

  get waiting(): readonly Item[] {
    return this.#waiting
  }

  /** Takes out those that wait and are not to be handed over any more. */
  remove(isOver: (item: Item) => boolean): void {
    this.#waiting = this.#waiting.filter((item) => !isOver(item))
  }

  add(item: Item): void {
    this.#waiting.push(item)
    this.#running ??= this.#run()
  }

  /** Resolves when all that was added so far is done with. Nothing is waited for any more. */
  async drained(): Promise<void> {
    this.#isDraining = true
    this.#endGathering?.()
    await this.#running
  }

  async #run(): Promise<void> {
    do {
      await this.#gather()
      const items = this.#take()
      if (items.length > 0) await this.#options.flush(items)
    } while (this.#waiting.length > 0)
    this.#running = undefined
  }

  #gather(): Promise<void> {
    const { gatherTime, maxItems } = this.#options
    if (gatherTime === undefined) return Promise.resolve()
    return new Promise((resolve) => {
      if (gatherTime === 0 || this.#isDraining || this.#waiting.length >= maxItems) {
        setImmediate(resolve)
        return
      }
      const timer = setTimeout(resolve, gatherTime)
      this.#endGathering = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  #take(): Item[] {
    const { maxItems, maxBytes = Number.POSITIVE_INFINITY, sizeOf = () => 0 } = this.#options
    let count = 0
    for (let bytes = 0; count < maxItems && count < this.#waiting.length; count++) {
      bytes += sizeOf(this.#waiting[count] as Item)
      if (bytes > maxBytes && count > 0) break
    }
    if (count === this.#waiting.length) {
      const all = this.#waiting
      this.#waiting = []
      return all
    }
    return this.#waiting.splice(0, count)
  }
}
