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
  stop(): Promise<void>
}

const hourMs = 3_600_000

/** Does the catalogue's upkeep one run at a time: at the start, every hour, and when asked. */
export function createUpkeep(deps: () => CatalogDeps, logger: Logger): Upkeep {
  let running: Promise<void> | undefined
  let again = false
  let stopped = false
  let timer: NodeJS.Timeout | undefined

  async function run(): Promise<void> {
    do {
      again = false
      await refreshPrices(deps())
      while (!stopped && (await reindexBatch(deps())) > 0);
    } while (again && !stopped)
  }

  function soon(): void {
    again = true
    if (stopped || running) return
    running = run()
      .catch((error: unknown) =>
        logger.error({ err: error }, 'the upkeep failed; it runs again within the hour'),
      )
      .finally(() => {
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
      stopped = true
      clearInterval(timer)
      await running
    },
  }
}
