import type { Database } from '@colophon/postgres'
import { createLogger } from '@colophon/runtime'
import { configOf } from '../../../apps/colophon/src/settings.ts'
import { createShop, type Shop } from '../../../apps/colophon/src/shop.ts'
import { openStore } from '../../../apps/colophon/src/store.ts'

/**
 * The services of a shop in this process, beside the one that runs on the same data folder.
 * @param seen what the services are given in place of the database, such as one that writes down what it is asked
 */
export async function besideShop<T>(
  folder: string,
  work: (shop: Shop, database: Database) => Promise<T>,
  seen: (database: Database) => Database = (database) => database,
): Promise<T> {
  const config = configOf({ DATABASE_URL: `embedded:${folder}` })
  const logger = createLogger({ level: 'fatal', readable: false })
  const { signal } = new AbortController()
  const store = await openStore({ config, logger, application: 'bench', statementTimeout: 0, signal })
  try {
    const shop = await createShop(config, { ...store, database: seen(store.database) }, logger)
    try {
      return await work(shop, store.database)
    } finally {
      await shop.close()
    }
  } finally {
    await store.close()
  }
}
