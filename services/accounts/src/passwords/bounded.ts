export interface BoundedOptions {
  /** How many run at once. */
  concurrency: number
  /** How many may wait for their turn. */
  waiting: number
  /** The error for one too many. */
  refusal: () => Error
}

/** Runs work with a bound on what runs and on what waits; the rest is refused at once. First come, first served. */
export function createBounded({ concurrency, waiting, refusal }: BoundedOptions) {
  const queue: (() => void)[] = []
  let running = 0

  async function turn(): Promise<void> {
    if (running < concurrency) {
      running++
      return
    }
    if (queue.length >= waiting) throw refusal()
    const { promise, resolve } = Promise.withResolvers<void>()
    queue.push(resolve)
    await promise
  }

  function done(): void {
    const next = queue.shift()
    // The next one takes over this place, so that nobody arriving now gets between.
    if (next) next()
    else running--
  }

  return async function bounded<T>(work: () => Promise<T>): Promise<T> {
    await turn()
    try {
      return await work()
    } finally {
      done()
    }
  }
}
