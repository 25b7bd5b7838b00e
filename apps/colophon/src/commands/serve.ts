import { once } from 'node:events'
import type { Gateway } from '@colophon/gateway'
import { defaultLimits } from '@colophon/http'
import { createLifecycle, createLogger, type Logger, type Part } from '@colophon/runtime'
import type { Command } from 'commander'
import { type FirstAdminNews, makeFirstAdmin } from '../first-admin.ts'
import { openGateway } from '../gateway.ts'
import type { Io } from '../io.ts'
import { loadSampleOnce } from '../sample.ts'
import type { Config } from '../settings.ts'
import { createShop } from '../shop.ts'
import { openStore, type Store } from '../store.ts'
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
  const store = await openStore({
    config,
    logger,
    application: 'colophon serve',
    exclusive: 'serve',
    // A request's own deadline: then no statement of an ordinary one needs its timeout set by a further message.
    statementTimeout: defaultLimits.requestMs,
  })
  const lost = new AbortController()
  store.onLost((error) => lost.abort(error))
  const lifecycle = await compose(config, io, logger, store)
  const stop = AbortSignal.any([io.interrupted, lost.signal])
  const stopping = stop.aborted ? Promise.resolve() : once(stop, 'abort')
  // While starting, too: whoever presses Ctrl-C then does not wait for the start to finish.
  const stopped = stopping.then(() => lifecycle.lifecycle.stop())
  await lifecycle.lifecycle.start()
  if (!stop.aborted)
    announce(io, logger, lifecycle.gateway, store, lifecycle.news(), performance.now() - began)
  await stopped
  if (lost.signal.aborted) throw lost.signal.reason
  logger.info('stopped')
}

async function compose(config: Config, io: Io, logger: Logger, store: Store) {
  const shop = await createShop(config, store, logger)
  const { accounts, catalog } = shop
  let news: FirstAdminNews | null = null
  const gateway = await openGateway(config, store, logger, shop)
  const parts: Part[] = [
    { name: 'store', stop: () => store.close() },
    { name: 'migrations', start: async () => void (await shop.migrate()) },
    accounts,
    {
      name: 'first administrator',
      async start() {
        news = await makeFirstAdmin(accounts.client, config, {
          folder: store.folder,
          isTerminal: io.stdout.isTTY === true,
        })
      },
    },
    { name: 'sample catalogue', start: () => loadSampleOnce(catalog, config, store, logger) },
    catalog,
    gateway,
  ]
  return { lifecycle: createLifecycle({ parts, logger, stopTimeoutMs }), gateway, news: () => news }
}

/** Says where everything is: for people on a terminal, as a log line elsewhere. */
function announce(
  io: Io,
  logger: Logger,
  gateway: Gateway,
  { folder }: Store,
  news: FirstAdminNews | null,
  ms: number,
): void {
  const address = gateway.address()
  const seconds = `${(ms / 1000).toFixed(1)} s`
  const admin = news && signIn(news)
  if (io.stdout.isTTY) {
    const lines = [
      `Colophon ${version} is ready after ${seconds}. Ctrl-C stops it.`,
      '',
      `  API    ${address}/api/books`,
      `  Docs   ${address}/docs`,
      `  Ops    ${gateway.opsAddress()}/metrics`,
      `  Data   ${folder ?? 'on the external database'}`,
      ...(admin ? [`  Admin  ${admin}`] : []),
    ]
    io.stdout.write(`\n${lines.join('\n')}\n\n`)
    return
  }
  logger.info(
    {
      api: `${address}/api/books`,
      docs: `${address}/docs`,
      ops: gateway.opsAddress(),
      data: folder,
      ...(admin && { admin }),
    },
    `colophon ${version} is ready after ${seconds}: API ${address}/api/books, docs ${address}/docs, data ${folder ?? 'on the external database'}${admin ? `, administrator ${admin}` : ''}`,
  )
}

function signIn({ email, password, file }: FirstAdminNews): string {
  if (password !== undefined) return `${email}, password ${password} (shown this once)`
  return file === undefined ? `${email}, with ADMIN_PASSWORD` : `${email}, its password is in ${file}`
}
