import { createGateway, type Gateway } from '@colophon/gateway'
import type { HttpLimits } from '@colophon/http'
import { isTimeout, isUnavailable, sql } from '@colophon/postgres'
import { createMetrics, Gauge, type Logger, type Registry } from '@colophon/runtime'
import type { Config } from './settings.ts'
import type { Shop } from './shop.ts'
import type { Store } from './store.ts'
import { version } from './version.ts'

/** The gateway in front of a shop's services. */
export function openGateway(
  config: Config,
  store: Pick<Store, 'database'>,
  logger: Logger,
  { accounts, catalog }: Shop,
  limits: Partial<HttpLimits> = {},
): Promise<Gateway> {
  return createGateway({
    services: [accounts, catalog],
    accounts: accounts.client,
    config,
    logger,
    metrics: metricsOf(store),
    version,
    stores: { postgres: () => store.database.query(sql`select 1`) },
    isStoreUnavailable: isUnavailable,
    isTimeout,
    limits,
  })
}

function metricsOf({ database }: Pick<Store, 'database'>): Registry {
  const registry = createMetrics({ service: 'colophon' })
  new Gauge({
    name: 'postgres_pool_connections',
    help: 'Connections of the pool to PostgreSQL by state; waiting counts those who want one',
    labelNames: ['state'],
    registers: [registry],
    collect() {
      const { total, idle, waiting, max } = database.stats()
      this.set({ state: 'idle' }, idle)
      this.set({ state: 'busy' }, total - idle)
      this.set({ state: 'waiting' }, waiting)
      this.set({ state: 'max' }, max)
    },
  })
  return registry
}
