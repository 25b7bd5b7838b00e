import { createLogger } from '@colophon/runtime'
import type { Io } from '../io.ts'
import type { Config } from '../settings.ts'
import { createShop, type Shop } from '../shop.ts'
import { openStore } from '../store.ts'

/**
 * Runs a command on the shop's database, beside a running shop or without one; tables are brought up to date
 * first.
 */
export async function withShop<T>(
  config: Config,
  io: Io,
  command: string,
  work: (shop: Shop) => Promise<T>,
): Promise<T> {
  // Results go to standard output, so that a pipe gets nothing else.
  const level = config.logLevel === 'info' ? 'warn' : config.logLevel
  const logger = createLogger({ level, readable: io.stderr.isTTY === true, destination: io.stderr })
  const store = await openStore({ config, logger, application: `colophon ${command}` })
  try {
    const shop = await createShop(config, store, logger)
    await shop.migrate()
    return await work(shop)
  } finally {
    await store.close()
  }
}
