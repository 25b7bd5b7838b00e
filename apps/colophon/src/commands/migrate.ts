import { type Io, print } from '../io.ts'
import type { Config } from '../settings.ts'
import { createShop } from '../shop.ts'
import { openStore } from '../store.ts'
import { createLogger } from '@colophon/runtime'

/** Brings the tables of every service up to date. */
export async function migrateCommand(config: Config, io: Io, { json }: { json: boolean }): Promise<void> {
  const logger = createLogger({ level: 'warn', readable: io.stderr.isTTY === true, destination: io.stderr })
  const store = await openStore({ config, logger, application: 'colophon migrate' })
  try {
    const shop = await createShop(config, store, logger)
    const results = await shop.migrate()
    if (json) return print(io, JSON.stringify({ services: results }))
    for (const { service, applied } of results) {
      print(io, applied.length === 0 ? `${service}: up to date` : `${service}: applied ${applied.join(', ')}`)
    }
  } finally {
    await store.close()
  }
}
