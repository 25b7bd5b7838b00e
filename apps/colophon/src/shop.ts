import { type AccountsService, createAccounts } from '@colophon/accounts'
import { type Catalog, createCatalog } from '@colophon/catalog'
import { migrate } from '@colophon/postgres'
import type { Logger } from '@colophon/runtime'
import { secretKey } from './secret-key.ts'
import type { Config } from './settings.ts'
import type { Store } from './store.ts'

/** The services of a shop on its database, not started. */
export interface Shop {
  accounts: AccountsService
  catalog: Catalog
  /** Brings every service's tables up to date; safe while other processes do the same, for whom it waits. */
  migrate(signal: AbortSignal): Promise<{ service: string; applied: string[] }[]>
}

export async function createShop(
  config: Config,
  { database, folder }: Pick<Store, 'database' | 'folder'>,
  logger: Logger,
): Promise<Shop> {
  const accounts = createAccounts({
    database,
    logger,
    secretKey: await secretKey(config.secretKey, folder),
    // Not the public URL: a token made by the command, which may not know it, is good at the server.
    issuer: 'colophon',
    firstAdminEmail: config.adminEmail,
  })
  const catalog = createCatalog({ database, logger, currency: config.currency })
  return {
    accounts,
    catalog,
    async migrate(signal) {
      const results = []
      for (const { name, migrations } of [accounts, catalog]) {
        const { applied } = await migrate(database, { ...migrations, signal, log: logger })
        results.push({ service: name, applied })
      }
      return results
    },
  }
}
