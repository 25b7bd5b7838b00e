import { attachEmbedded, type Database, openDatabase } from '@colophon/postgres'
import type { Logger } from '@colophon/runtime'
import { type Config, embeddedFolder } from './settings.ts'
import { databaseUrl } from './tasks/database-url.ts'

/** The shop's database, and where the shop keeps its files when the database is embedded. */
export interface Store {
  database: Database
  /** Where it is, for those who open connections of their own. */
  url: string
  /** The data folder, absolute; null on an external database. */
  folder: string | null
  /** Calls back when an embedded database has died and cannot be brought back. */
  onLost(callback: (error: Error) => void): void
  /** Closes the connections and lets go of an embedded PostgreSQL, which stops when nobody else holds it. */
  close(): Promise<void>
}

export interface StoreOptions {
  config: Config
  logger: Logger
  /** The command that opens it, shown to whoever it stands in the way of. */
  application: string
  /** How long a statement may run, in milliseconds, where nothing else is said; 30 seconds. */
  statementTimeout?: number
  /** Gives up waiting for PostgreSQL, which may be recovering. */
  signal: AbortSignal
  /** What only one process at a time may be on an embedded database. */
  exclusive?: string
}

/** Opens the database that DATABASE_URL names. */
export async function openStore(options: StoreOptions): Promise<Store> {
  const { config, logger, application, exclusive, signal, statementTimeout = 30_000 } = options
  const folder = embeddedFolder(config)
  const pool = { application, max: config.databasePool, statementTimeout, log: logger }
  if (folder === null) {
    const connection = { url: config.databaseUrl }
    const database = openDatabase({ ...pool, connection })
    const url = databaseUrl(connection)
    return { database, url, folder, onLost: () => {}, close: () => database.close() }
  }
  const embedded = await attachEmbedded({
    folder,
    application,
    log: logger,
    signal,
    ...(exclusive && { exclusive }),
  })
  const database = openDatabase({ ...pool, connection: embedded.connection })
  return {
    database,
    url: databaseUrl(embedded.connection),
    folder,
    onLost: (callback) => embedded.onLost(callback),
    async close() {
      try {
        await database.close()
      } finally {
        await embedded.release()
      }
    },
  }
}
