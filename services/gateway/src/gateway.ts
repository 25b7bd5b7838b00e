import type { AccountsClient } from '@colophon/accounts'
import {
  type App,
  createHttpServer,
  createOpsServer,
  createTokenVerifier,
  type HttpLimits,
  type HttpServer,
  type ProblemTable,
  type RateRule,
  type RouteInfo,
  type RoutePlugin,
} from '@colophon/http'
import type { Logger, Part, Registry } from '@colophon/runtime'
import { type GatewayConfig, opsPortOf } from './config.ts'
import { addLandingPage } from './landing-page.ts'
import { type StoreCheck, watchStores } from './stores.ts'

/** What the gateway needs of a service behind it. */
export interface GatewayService {
  readonly name: string
  readonly routes: RoutePlugin
  readonly problems: ProblemTable
}

export interface GatewayOptions {
  config: GatewayConfig
  services: readonly GatewayService[]
  /** Knows whom a token or a session stands for. */
  accounts: Pick<AccountsClient, 'tokens' | 'sessionIdentity'>
  /** The stores that readiness reports on, each with a question that it answers when it is up. */
  stores: Readonly<Record<string, StoreCheck>>
  version: string
  logger: Logger
  metrics: Registry
  /** Whether an error means that a store does not answer: 503 `store_unavailable`. */
  isStoreUnavailable(error: unknown): boolean
  /** Whether an error means that a deadline has passed: 503 `timeout`. */
  isTimeout(error: unknown): boolean
  /** Bounds other than the rates, which the settings have. */
  limits?: Partial<HttpLimits>
  /** Milliseconds since the epoch. */
  clock?: () => number
}

/** The one door: every service's routes behind tokens, sessions, limits and documentation. */
export interface Gateway extends Part {
  readonly name: 'gateway'
  /** For tests: `await app.ready()`, then `app.inject(...)`. */
  readonly app: App
  /** Listens on both ports. @throws Error in one line, such as when a port is taken */
  start(): Promise<void>
  /** Answers what is in flight, within a bound, and closes both ports. */
  stop(): Promise<void>
  /** Where the API is, such as `http://127.0.0.1:8080`. */
  address(): string
  /** Where `/metrics`, `/healthz` and `/readyz` are. */
  opsAddress(): string
  /** The OpenAPI document of all services; complete after `start` or `app.ready()`. */
  openapi(): object
  /** Every public route with who may use it. */
  routes(): readonly RouteInfo[]
}

/** How long a store may take to show that it is up, and how long that is believed, in milliseconds. */
const storeTimes = { deadlineMs: 1_000, keptMs: 1_000 }

export async function createGateway(options: GatewayOptions): Promise<Gateway> {
  const { config, services, version, logger, metrics } = options
  const server = await createServer(options)
  // Asynchronous, so that what a plugin throws is thrown here; Fastify loses it otherwise.
  for (const service of services) await server.app.register(async (app: App) => service.routes(app))
  addLandingPage(server.app, version)
  const ops = await createOpsServer({
    host: config.host,
    port: opsPortOf(config),
    metrics,
    readiness: () => server.readiness(),
    logger,
    version,
  })
  return {
    name: 'gateway',
    app: server.app,
    async start() {
      await ops.start()
      await server.start()
    },
    async stop() {
      await server.stop()
      // Last, so that operators can watch the requests in flight drain.
      await ops.stop()
    },
    address: () => server.address(),
    opsAddress: () => ops.address(),
    openapi: () => server.openapi(),
    routes: () => server.routes(),
  }
}

function createServer(options: GatewayOptions): Promise<HttpServer> {
  const { config, services, accounts, stores, logger, clock = Date.now } = options
  const storeStates = watchStores({ ...storeTimes, checks: stores, clock, logger })
  return createHttpServer({
    name: 'gateway',
    version: options.version,
    logger,
    metrics: options.metrics,
    host: config.host,
    port: config.port,
    identify: {
      bearer: createTokenVerifier({ ...accounts.tokens, clock }),
      session: (cookieValue) => accounts.sessionIdentity(cookieValue),
    },
    problemTables: services.map(({ problems }) => problems),
    openapi,
    // A store that is down degrades the answers; taking every process out of the fleet would help nobody.
    readiness: async () => ({ ready: true, stores: await storeStates() }),
    limits: {
      ...options.limits,
      clientRate: rateOf(config.clientRate),
      accountRate: rateOf(config.accountRate),
    },
    trustProxy: [...config.trustProxy],
    corsOrigins: config.corsOrigins,
    isStoreUnavailable: options.isStoreUnavailable,
    isTimeout: options.isTimeout,
    clock,
    ...(config.publicUrl !== undefined && { publicUrl: config.publicUrl }),
  })
}

const openapi = {
  title: 'Colophon',
  description:
    "A bookshop's backend. Scripts send an access token from `POST /api/tokens` as a bearer token; browsers sign " +
    'in with `POST /api/session` and send its cookie. Errors are `application/problem+json` (RFC 9457): branch on ' +
    '`code`. Lists are read with `limit` and the `nextCursor` of the page before.',
  tags: [
    { name: 'Books', description: 'What the shop sells' },
    { name: 'Contributors', description: 'Who wrote, translated, drew or edited it' },
    { name: 'Publishers', description: 'Who published it' },
    { name: 'Subjects', description: 'What it is about' },
    { name: 'Orders', description: 'What is bought: placed, followed, cancelled, shipped, returned' },
    { name: 'Payments', description: 'What the payment provider says, invoices and credit notes' },
    { name: 'Inventory', description: 'Copies in the shop, for staff' },
    { name: 'Reports', description: 'Figures about books and sales, for staff' },
    { name: 'Rates', description: 'What shipping costs, and taxes' },
    {
      name: 'Dead letters',
      description: 'Tasks that went on failing, and messages that cannot be sent, for staff',
    },
    { name: 'Accounts', description: 'People and their roles' },
    { name: 'Tokens', description: 'How scripts sign in' },
    { name: 'Session', description: 'How browsers sign in' },
  ],
}

/** Evenly over the minute, with ten seconds' worth at once, or what a page of a shop asks for where little is allowed. */
function rateOf(perMinute: number): RateRule | null {
  return perMinute === 0
    ? null
    : { perMinute, burst: Math.max(Math.min(perMinute, 20), Math.ceil(perMinute / 6)) }
}
