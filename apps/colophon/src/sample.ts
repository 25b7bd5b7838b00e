import { type Catalog, ImportError } from '@colophon/catalog'
import type { Logger } from '@colophon/runtime'
import type { Config } from './settings.ts'
import type { Store } from './store.ts'

/**
 * Loads the sample catalogue into a shop that has never decided about it: by default only into one on an
 * embedded database. What was decided once stays, so that a removed sample does not come back.
 */
export async function loadSampleOnce(
  catalog: Catalog,
  { sampleCatalogue }: Config,
  { folder }: Store,
  logger: Logger,
): Promise<void> {
  const wanted = sampleCatalogue === 'on' || (sampleCatalogue === 'new' && folder !== null)
  const decided = await catalog.sample.isDecided()
  if (decided) return
  if (!wanted) return catalog.sample.decline()
  const loaded = await catalog.sample.load().catch((error: unknown) => {
    // Another process is importing, which is no reason not to start: the next start tries again.
    if (error instanceof ImportError && error.code === 'import_running') return undefined
    throw error
  })
  if (!loaded) return logger.warn('the sample catalogue is not loaded yet, since another import is running')
  const { inserted } = loaded
  logger.info({ inserted }, 'the sample catalogue was loaded; `colophon sample remove` takes it away')
}
