import { type Catalog, ImportError } from '@colophon/catalog'
import { type Orders, receiveSample } from '@colophon/orders'
import type { Logger } from '@colophon/runtime'
import type { Config } from './settings.ts'
import type { Store } from './store.ts'

/**
 * Loads the sample catalogue into a shop that has never decided about it: by default only into one on an
 * embedded database that has no books of its own. What was decided once stays, so that a removed sample does
 * not come back.
 */
export async function loadSampleOnce(
  shop: SampleShop,
  config: Config,
  store: Store,
  logger: Logger,
): Promise<void> {
  if (!(await shop.catalog.sample.isDecided())) await decide(shop, config, store, logger)
  // At every start, since one that was cut short may have loaded the books only.
  await receiveSampleCopies(shop)
}

/** The services that the sample is in. */
export interface SampleShop {
  catalog: Pick<Catalog, 'sample'>
  orders: Pick<Orders, 'deps'>
}

/** Puts copies of the sample's books that are in stock there; once. */
export async function receiveSampleCopies({ catalog, orders }: SampleShop): Promise<void> {
  const books = await catalog.sample.inStockBooks()
  await receiveSample(
    orders.deps,
    books.map(({ id }) => id),
  )
}

async function decide(
  { catalog }: SampleShop,
  { sampleCatalogue }: Config,
  { folder }: Store,
  logger: Logger,
): Promise<void> {
  const isWanted = sampleCatalogue === 'on' || (sampleCatalogue === 'new' && folder !== null)
  if (!isWanted) return catalog.sample.decline()
  if (sampleCatalogue === 'new' && (await catalog.sample.hasOtherBooks())) {
    logger.info('the shop has books of its own: `colophon sample load` adds the sample catalogue')
    return catalog.sample.decline()
  }
  const loaded = await catalog.sample.load().catch((error: unknown) => {
    // Another process is importing, which is no reason not to start: the next start tries again.
    if (error instanceof ImportError && error.code === 'import_running') return undefined
    throw error
  })
  if (!loaded) return logger.warn('the sample catalogue is not loaded yet, since another import is running')
  const { inserted } = loaded
  logger.info({ inserted }, 'the sample catalogue was loaded; `colophon sample remove` takes it away')
}
