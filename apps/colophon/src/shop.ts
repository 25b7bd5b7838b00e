import { type AccountsService, createAccounts } from '@colophon/accounts'
import { type Catalog, catalogTasks, createCatalog } from '@colophon/catalog'
import { type Celery, createDeadLetters } from '@colophon/celery'
import { createMailer, createOrders, type Orders, type OrdersOptions } from '@colophon/orders'
import { paymentsSandboxMigrations } from '@colophon/payments-sandbox'
import { type Database, migrate, sql } from '@colophon/postgres'
import type { Logger } from '@colophon/runtime'
import { deriveKey } from './derive-key.ts'
import { lazyProvider, providerUrl } from './payments.ts'
import { secretKey } from './secret-key.ts'
import type { Config } from './settings.ts'
import type { Store } from './store.ts'
import { createTasks, runInTraces, type TaskPlaces } from './tasks/app.ts'

/** The services of a shop on its database, not started. */
export interface Shop {
  accounts: AccountsService
  catalog: Catalog
  orders: Orders
  /** What the payment provider signs its webhooks with. */
  webhookSecret: string
  /** The tasks of all services; connects when it is used. */
  tasks: Celery
  /** Brings every service's tables up to date; safe while other processes do the same, for whom it waits. */
  migrate(signal: AbortSignal): Promise<{ service: string; applied: string[] }[]>
  /** Lets go of what was connected to. */
  close(): Promise<void>
}

/** What a shop is made with where its process, or a test, knows better than the settings. */
export interface ShopOptions {
  /** Where the payments sandbox is, once it is asked for money; the provider of PAYMENTS_URL goes before it. */
  sandboxUrl?: () => string | undefined
  taskPlaces?: TaskPlaces
}

export async function createShop(
  config: Config,
  { database, folder, url }: Pick<Store, 'database' | 'folder' | 'url'>,
  logger: Logger,
  { sandboxUrl, taskPlaces }: ShopOptions = {},
): Promise<Shop> {
  const secret = await secretKey(config, folder)
  const accounts = createAccounts({
    database,
    logger,
    secretKey: secret,
    // Not the public URL: a token made by the command, which may not know it, is good at the server.
    issuer: 'colophon',
    firstAdminEmail: config.adminEmail,
  })
  const catalog = createCatalog({ database, logger, currency: config.currency })
  const tasks = createTasks(config, url, logger, taskPlaces)
  const webhookSecret =
    config.paymentsWebhookSecret ?? deriveKey(secret, 'payment webhooks').toString('base64url')
  const orders = createOrders({
    ...orderSettings(config),
    database,
    logger,
    orderTokenKey: deriveKey(secret, 'order tokens'),
    accounts: accounts.client,
    catalog: catalog.client,
    payments: lazyProvider(
      () => providerUrl(config.paymentsUrl) ?? sandboxUrl?.(),
      config.paymentsKey,
      logger,
    ),
    webhookSecret,
    mailer: createMailer({ smtpUrl: config.smtpUrl, from: config.mailFrom, logger }),
    deadLetters: createDeadLetters(tasks),
  })
  orders.defineTasks(tasks)
  catalogTasks(tasks, catalog.client)
  runInTraces(tasks)
  return {
    accounts,
    catalog,
    orders,
    webhookSecret,
    tasks,
    migrate: (signal) => migrateAll([accounts, catalog, orders, sandbox], { database, logger, signal }),
    async close() {
      try {
        await tasks.close()
      } finally {
        await orders.stop?.()
      }
    },
  }
}

/** What the settings say of orders, as the service takes it. */
function orderSettings(config: Config) {
  return {
    currency: config.currency,
    pricesIncludeTax: config.pricesIncludeTax === 'on',
    holdMinutes: config.holdMinutes,
    seller: config.seller,
    reportsTo: config.reportsTo ?? config.adminEmail,
  } satisfies Partial<OrdersOptions>
}

/** A service with tables. */
type Migrated = Pick<Orders, 'name'> & { migrations: { schema: string; folder: URL } }

/** The sandbox has its tables in every shop, whoever it is that takes the money. */
const sandbox: Migrated = { name: 'payments-sandbox', migrations: paymentsSandboxMigrations }

/**
 * Whether a shop has been migrated here, by this version or another, if only to be cut short: the accounts are the
 * first to be, and this table is the first of theirs.
 */
export async function isMade(database: Database): Promise<boolean> {
  const { made } = await database.one<{ made: boolean }>(
    sql`select to_regclass('accounts.migrations') is not null as made`,
  )
  return made
}

async function migrateAll(
  services: readonly Migrated[],
  { database, logger, signal }: { database: Database; logger: Logger; signal: AbortSignal },
) {
  const results = []
  for (const { name, migrations } of services) {
    const { applied } = await migrate(database, { ...migrations, signal, log: logger })
    results.push({ service: name, applied })
  }
  return results
}
