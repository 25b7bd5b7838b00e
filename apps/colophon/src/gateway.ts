import { createGateway, type Gateway } from '@colophon/gateway'
import type { HttpLimits } from '@colophon/http'
import { isTimeout, isUnavailable, sql } from '@colophon/postgres'
import type { Logger, Registry } from '@colophon/runtime'
import type { Config } from './settings.ts'
import type { Shop } from './shop.ts'
import type { Store } from './store.ts'
import { version } from './version.ts'

export interface GatewayParts {
  store: Pick<Store, 'database'>
  shop: Pick<Shop, 'accounts' | 'catalog' | 'orders'>
  logger: Logger
  metrics: Registry
  limits?: Partial<HttpLimits>
}

/** The gateway in front of a shop's services. */
export function openGateway(
  config: Config,
  { store, shop, logger, metrics, limits = {} }: GatewayParts,
): Promise<Gateway> {
  const { accounts, catalog, orders } = shop
  return createGateway({
    services: [accounts, catalog, orders],
    accounts: accounts.client,
    config,
    logger,
    metrics,
    version,
    stores: { postgres: () => store.database.query(sql`select 1`) },
    isStoreUnavailable: isUnavailable,
    isTimeout,
    limits,
  })
}
