import { countOverdue, countOverdueMails, countRefusedRefunds } from '@colophon/orders'
import { outboxStats } from '@colophon/postgres'
import { createLifecycle, type Lifecycle, type Part, type Registry } from '@colophon/runtime'
import { type FirstAdminNews, makeFirstAdmin } from '../first-admin.ts'
import { openGateway } from '../gateway.ts'
import { createProcessMetrics, watchOrders } from '../metrics.ts'
import { loadSampleOnce } from '../sample.ts'
import { createShop, type Shop } from '../shop.ts'
import type { Composing } from './composing.ts'
import { type Door, openOps } from './ops.ts'
import { openSandbox } from './sandbox.ts'
import { taskParts } from './task-parts.ts'

/** How long each part may take to stop, in milliseconds. */
const stopTimeoutMs = 15_000

export interface Composed {
  lifecycle: Lifecycle
  /** Where everything is, by what it is, once the parts have started. */
  places(): Record<string, string>
  /** How the first administrator signs in, once the parts have started; null when that is known already. */
  news(): FirstAdminNews | null
}

/** The parts of a process, in the order of their start: what others stand on comes first, and stops last. */
export async function compose(composing: Composing): Promise<Composed> {
  const { config, io, logger, store, roles } = composing
  const shop = await createShop(config, store, logger, { sandboxUrl: () => sandbox.url?.() })
  const metrics = createProcessMetrics(store.database)
  const { deps, migrations } = shop.orders
  const outbox = { database: store.database, schema: migrations.schema }
  const standing = {
    overdue: () => countOverdue(deps),
    overdueMails: () => countOverdueMails(deps),
    refusedRefunds: () => countRefusedRefunds(deps),
    outbox: () => outboxStats(outbox),
  }
  watchOrders(metrics, standing, logger)
  const sandbox = await openSandbox(composing, shop, () => door.url?.())
  const services = servicesOf(composing, shop)
  const isReady = () => lifecycle.state === 'ready'
  const door = roles.includes('api')
    ? await openFront(composing, shop, metrics)
    : await openOps(composing, metrics, isReady)
  const parts: Part[] = [
    { name: 'store', stop: () => store.close() },
    { name: 'migrations', start: async () => void (await shop.migrate(io.interrupted)) },
    { name: 'connections', stop: () => shop.close() },
    ...services.parts,
    ...sandbox.parts,
    ...(await taskParts(composing, shop, metrics)),
    ...door.parts,
  ]
  const lifecycle = createLifecycle({ parts, logger, stopTimeoutMs })
  const data = store.folder ?? 'on the external database'
  return {
    lifecycle,
    places: () => ({ ...door.places(), ...sandbox.places(), data }),
    news: services.news,
  }
}

async function openFront({ config, store, logger }: Composing, shop: Shop, metrics: Registry): Promise<Door> {
  const gateway = await openGateway(config, { store, shop, logger, metrics })
  return {
    parts: [gateway],
    url: () => gateway.address(),
    places: () => ({
      api: `${gateway.address()}/api/books`,
      docs: `${gateway.address()}/docs`,
      ops: `${gateway.opsAddress()}/metrics`,
    }),
  }
}

/** What has to have been done before anybody is answered. */
function servicesOf({ config, io, logger, store, roles }: Composing, shop: Shop) {
  let news: FirstAdminNews | null = null
  const { accounts, catalog, orders } = shop
  const firstAdmin: Part = {
    name: 'first administrator',
    async start() {
      news = await makeFirstAdmin(accounts.client, config, { folder: store.folder, io, logger })
    },
  }
  const sample: Part = {
    name: 'sample catalogue',
    start: () => loadSampleOnce({ catalog, orders }, config, store, logger),
  }
  const parts = roles.includes('api') ? [accounts, firstAdmin, sample, catalog] : []
  return { parts, news: () => news }
}
