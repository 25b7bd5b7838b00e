import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { sql, sqlState } from '@colophon/postgres'
import { createLogger } from '@colophon/runtime'
import type { Io } from '../io.ts'
import { type Config, embeddedFolder } from '../settings.ts'
import { createShop, isMade, type Shop } from '../shop.ts'
import { openStore, type Store } from '../store.ts'
import type { CommandContext } from './options.ts'

/** What a command needs of the shop it works on. */
export interface ShopUse {
  /** The command, such as `account list`, shown to whoever it stands in the way of. */
  command: string
  /** Makes a new shop where there is none, and says so; otherwise that is an error, and nothing is made. */
  makes?: boolean
  /** Brings the tables up to date first; a command that only reads leaves them as they are. */
  migrates?: boolean
}

/**
 * Runs a command on the shop's database, beside a running shop or without one.
 * @throws Error in one line, when there is no shop or its tables are not those of this version
 */
export async function withShop<T>(
  { config: readConfig, io }: CommandContext,
  { command, makes = false, migrates = false }: ShopUse,
  work: (shop: Shop, config: Config) => Promise<T>,
): Promise<T> {
  const config = readConfig()
  const meetMissing = (place: string) => (makes ? tellMissing(io, place) : refuseMissing(place))
  const missing = folderWithoutShop(config)
  if (missing !== null) meetMissing(missing)
  // Results go to standard output, so that a pipe gets nothing else.
  const level = config.logLevel === 'info' ? 'warn' : config.logLevel
  const logger = createLogger({ level, readable: io.stderr.isTTY === true, destination: io.stderr })
  const application = `colophon ${command}`
  const store = await openStore({ config, logger, application, signal: io.interrupted })
  try {
    // Asked before anything of a shop is there, such as its secret key in the data folder.
    if (missing === null && !(await isMade(store.database))) meetMissing(await placeOf(store))
    const shop = await createShop(config, store, logger)
    try {
      if (migrates) await shop.migrate(io.interrupted)
      return await work(shop, config)
    } finally {
      await shop.close()
    }
  } catch (error) {
    throw migrates ? error : explainOldTables(error)
  } finally {
    await store.close()
  }
}

/**
 * For what is of no use by itself, such as a worker. On an external database the first of a fleet makes the tables,
 * whichever it is.
 * @throws Error when the database is embedded in a folder in which nobody has made it yet
 */
export function refuseMissingFolder(config: Config): void {
  const missing = folderWithoutShop(config)
  if (missing !== null) refuseMissing(missing)
}

function tellMissing({ stderr }: Io, place: string): void {
  stderr.write(
    `colophon: there is no shop in ${place}: making a new one (set DATABASE_URL for another place)\n`,
  )
}

function refuseMissing(place: string): never {
  const hint = "run this in the shop's folder, or with its DATABASE_URL (npm start makes a new shop)"
  throw new Error(`there is no shop in ${place}: ${hint}`)
}

/** The data folder, when the database is embedded in one that is not made yet, as opening it would; else null. */
function folderWithoutShop(config: Config): string | null {
  const folder = embeddedFolder(config)
  return folder === null || existsSync(join(folder, 'postgres')) ? null : folder
}

async function placeOf({ database, folder }: Store): Promise<string> {
  if (folder !== null) return folder
  const { name } = await database.one<{ name: string }>(sql`select current_database() as name`)
  return `the database ${name}`
}

/** PostgreSQL's codes for a schema, table, column or function that is not there (Appendix A of its manual). */
const undefinedStates = new Set(['3F000', '42P01', '42703', '42883'])

function explainOldTables(error: unknown): unknown {
  // An import has an error of its own around it.
  const state = sqlState(error) ?? (error instanceof Error ? sqlState(error.cause) : undefined)
  if (!undefinedStates.has(state ?? '')) return error
  const message =
    "the database's tables are not those of this version: run `colophon migrate` or start the shop first"
  return new Error(message, { cause: error })
}
