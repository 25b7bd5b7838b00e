import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { createLogger } from '@colophon/runtime'
import type { Io } from '../io.ts'
import { type Config, embeddedFolder } from '../settings.ts'
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
  tellOfNewShop(config, io)
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

/** A command in the wrong folder makes a shop of its own there, which nobody should have to find out. */
function tellOfNewShop(config: Config, io: Io): void {
  const folder = embeddedFolder(config)
  if (folder === null || existsSync(join(folder, 'postgres'))) return
  io.stderr.write(
    `colophon: there is no shop in ${folder}: making a new one (DATABASE_URL names another place)\n`,
  )
}
