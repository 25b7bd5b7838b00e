/**
 * Calls `fn` for each item, begun in order, with at most `limit` unfinished at a time; stops at the first error, when
 * those that were begun are done.
 */
export async function forEachBounded<T>(
  items: readonly T[],
  limit: number,
  fn: (item: T) => Promise<unknown>,
): Promise<void> {
  const rest = items.values()
  let isFailed = false
  async function work(): Promise<void> {
    for (const item of rest) {
      if (isFailed) return
      await fn(item).catch((error: unknown) => {
        isFailed = true
        throw error
      })
    }
  }
  const workers = await Promise.allSettled(Array.from({ length: Math.min(limit, items.length) }, work))
  for (const worker of workers) if (worker.status === 'rejected') throw worker.reason
}
