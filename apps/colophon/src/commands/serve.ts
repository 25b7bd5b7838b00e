import { once } from 'node:events'
import type { Gateway } from '@colophon/gateway'
import { defaultLimits } from '@colophon/http'
import { createLifecycle, createLogger, type Lifecycle, type Logger, type Part } from '@colophon/runtime'
import type { Command } from 'commander'
import { type FirstAdminNews, makeFirstAdmin } from '../first-admin.ts'
import { openGateway } from '../gateway.ts'
import type { Io } from '../io.ts'
import { loadSampleOnce } from '../sample.ts'
import type { Config } from '../settings.ts'
import { createShop } from '../shop.ts'
import { openStore, type Store } from '../store.ts'
import { refuseTakenPorts } from '../taken-port.ts'
import { version } from '../version.ts'
import { type CommandContext, example } from './options.ts'

/** How long each part may take to stop. */
const stopTimeoutMs = 15_000

/** `colophon serve`. */
export function addServe(program: Command, { io, config }: CommandContext): void {
  program
    .command('serve')
    .description('run the whole shop in this process')
    .addHelpText('after', example('colophon serve', 'PORT=9000 colophon serve'))
    .action(() => serve(config(), io))
}

/** Runs the whole shop in this process until it is told to stop. */
async function serve(config: Config, io: Io): Promise<void> {
  const began = performance.now()
  const logger = createLogger({ level: config.logLevel, readable: io.stdout.isTTY === true })
  await refuseTakenPorts(config)
  const store = await openStore({
    config,
    logger,
    application: 'colophon serve',
    exclusive: 'serve',
    signal: io.interrupted,
    // A request's own deadline: then no statement of an ordinary one needs its timeout set by a further message.
    statementTimeout: defaultLimits.requestMs,
  })
  const composed = await compose(config, io, logger, store).catch(async (error: unknown) => {
    await store.close()
    throw error
  })
  const lost = new AbortController()
  store.onLost((error) => lost.abort(error))
  const stop = AbortSignal.any([io.interrupted, lost.signal])
  const stopping = stop.aborted ? Promise.resolve() : once(stop, 'abort')
  // While starting, too: the part that is starting is the last one then.
  const stopped = stopping.then(() => composed.lifecycle.stop())
  await composed.lifecycle.start()
  if (!stop.aborted) await announce(io, logger, store, composed, performance.now() - began)
  await stopped
  if (lost.signal.aborted) throw lost.signal.reason
  logger.info('stopped')
}

interface Composed {
  lifecycle: Lifecycle
  gateway: Gateway
  /** How the first administrator signs in, once the parts have started; null when that is known already. */
  news(): FirstAdminNews | null
}

async function compose(config: Config, io: Io, logger: Logger, store: Store): Promise<Composed> {
  const shop = await createShop(config, store, logger)
  const { accounts, catalog } = shop
  let news: FirstAdminNews | null = null
  const gateway = await openGateway(config, store, logger, shop)
  const parts: Part[] = [
    { name: 'store', stop: () => store.close() },
    { name: 'migrations', start: async () => void (await shop.migrate(io.interrupted)) },
    accounts,
    {
      name: 'first administrator',
      async start() {
        news = await makeFirstAdmin(accounts.client, config, { folder: store.folder, io, logger })
      },
    },
    { name: 'sample catalogue', start: () => loadSampleOnce(catalog, config, store, logger) },
    catalog,
    gateway,
  ]
  return { lifecycle: createLifecycle({ parts, logger, stopTimeoutMs }), gateway, news: () => news }
}

/** Says where everything is: for people on a terminal, as a log line elsewhere. */
async function announce(io: Io, logger: Logger, store: Store, composed: Composed, ms: number): Promise<void> {
  const { gateway } = composed
  const news = composed.news()
  const places = {
    api: `${gateway.address()}/api/books`,
    docs: `${gateway.address()}/docs`,
    ops: `${gateway.opsAddress()}/metrics`,
    data: store.folder ?? 'on the external database',
    ...(news && { admin: news.line }),
  }
  const ready = `Colophon ${version} is ready after ${(ms / 1000).toFixed(1)} s`
  if (io.stdout.isTTY) {
    const lines = Object.entries(places).map(([what, where]) => `  ${what.padEnd(6)} ${where}`)
    io.stdout.write(`\n${ready}. Ctrl-C stops it.\n\n${lines.join('\n')}\n\n`)
  } else {
    const all = Object.entries(places).map(([what, where]) => `${what} ${where}`)
    logger.info(places, `${ready}: ${all.join(', ')}`)
  }
  await news?.told()
}
