import { AsyncLocalStorage } from 'node:async_hooks'
import type { Logger } from '@colophon/runtime'
import { refreshPrices } from './books/refresh-prices.ts'
import { reindexBatch } from './books/reindex-books.ts'
import type { CatalogDeps } from './deps.ts'

/** Work that is due without anybody asking: prices that begin or end, books whose names were changed. */
export interface Upkeep {
  start(): void
  /** Runs soon after a commit that made work. */
  soon(): void
  /** When nothing is due any more. */
  settle(): Promise<void>
  /** Ends behind the batch that is being done. */
  stop(): Promise<void>
}

const hourMs = 3_600_000

/** Does the catalogue's upkeep one run at a time: at the start, every hour, and when asked. */
export function createUpkeep(deps: () => CatalogDeps, logger: Logger): Upkeep {
  const stopping = new AbortController()
  const { signal } = stopping
  // Outside of the request that asks for it, whose deadline is not this work's.
  const outside = AsyncLocalStorage.snapshot()
  let running: Promise<void> | undefined
  let again = false
  let timer: NodeJS.Timeout | undefined

  async function run(): Promise<void> {
    do {
      again = false
      await attempt('bringing prices up to date', () => refreshPrices(deps(), signal, logger))
      await attempt('indexing books under their new names', reindexAll)
    } while (again && !signal.aborted)
  }

  async function reindexAll(): Promise<void> {
    while (!signal.aborted && (await reindexBatch(deps())) > 0);
  }

  /** One job's failure does not keep the others from being done. */
  async function attempt(what: string, job: () => Promise<unknown>): Promise<void> {
    try {
      await job()
    } catch (error) {
      logger.error({ err: error }, `${what} failed; it is tried again within the hour`)
    }
  }

  function soon(): void {
    again = true
    if (signal.aborted || running) return
    running = outside(run).finally(() => {
      running = undefined
    })
  }

  return {
    start() {
      timer = setInterval(soon, hourMs).unref()
      soon()
    },
    soon,
    async settle() {
      while (running) await running
    },
    async stop() {
      stopping.abort()
      clearInterval(timer)
      await running
    },
  }
}
