import { createLogger } from '@colophon/runtime'
import type { Io } from '../io.ts'
import type { Config } from '../settings.ts'
import { createShop, type Shop } from '../shop.ts'
import { openStore } from '../store.ts'

/** Runs a command on the shop's database as it is, beside a running shop or without one. */
export async function openShop<T>(
  config: Config,
  io: Io,
  command: string,
  work: (shop: Shop) => Promise<T>,
): Promise<T> {
  // Results go to standard output, so that a pipe gets nothing else.
  const level = config.logLevel === 'info' ? 'warn' : config.logLevel
  const logger = createLogger({ level, readable: io.stderr.isTTY === true, destination: io.stderr })
  const store = await openStore({
    config,
    logger,
    application: `colophon ${command}`,
    signal: io.interrupted,
  })
  try {
    return await work(await createShop(config, store, logger))
  } finally {
    await store.close()
  }
}

/** The same with the tables brought up to date first. */
export function withShop<T>(
  config: Config,
  io: Io,
  command: string,
  work: (shop: Shop) => Promise<T>,
): Promise<T> {
  return openShop(config, io, command, async (shop) => {
    await shop.migrate(io.interrupted)
    return work(shop)
  })
}
