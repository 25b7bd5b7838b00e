import { createHttpServer, type HttpServer, httpProblem, type Identity } from '@colophon/http'
import { migrate } from '@colophon/postgres'
import { createTestDatabase, type TestDatabase } from '@colophon/postgres/testing'
import { createLogger, createMetrics } from '@colophon/runtime'
import { type Catalog, catalogMigrations, createCatalog } from '../src/index.ts'

/** The catalogue behind an HTTP server, on a database of its own. */
export interface CatalogHarness {
  catalog: Catalog
  server: HttpServer
  test: TestDatabase
  /** Sends a request as somebody: a role's name is the token. */
  send(method: Method, url: string, options?: SendOptions): Promise<Answer>
  stop(): Promise<void>
}

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

interface SendOptions {
  as?: 'admin' | 'staff' | 'customer'
  body?: unknown
  headers?: Record<string, string>
}

export interface Answer {
  status: number
  headers: Record<string, string | number | string[] | undefined>
  // biome-ignore lint/suspicious/noExplicitAny: what an answer holds is what the tests are about
  body: any
}

interface StartOptions {
  /** The catalogue's clock. */
  now?: () => Date
  currency?: string
  /** The database of another one, which drops it. */
  test?: TestDatabase
}

/** Starts it. */
export async function startCatalog({
  test: given,
  currency = 'EUR',
  ...options
}: StartOptions = {}): Promise<CatalogHarness> {
  const logger = createLogger({ level: 'fatal', readable: false })
  const test = given ?? (await createTestDatabase())
  await migrate(test.database, catalogMigrations)
  const catalog = createCatalog({ database: test.database, logger, currency, ...options })
  const server = await createHttpServer({
    name: 'catalog-test',
    version: '0.0.0',
    logger,
    metrics: createMetrics(),
    host: '127.0.0.1',
    port: 0,
    identify: { bearer: async (token) => identityOf(token), session: async () => null },
    problemTables: [catalog.problems],
    openapi: { title: 'Test', description: 'The catalogue alone' },
    readiness: () => ({ ready: true, stores: {} }),
    // A machine that runs all tests at once is late now and then; that must not fail one.
    limits: { clientRate: null, accountRate: null, eventLoopDelayMs: 60_000 },
    corsOrigins: [],
  })
  server.app.register(async (app) => catalog.routes(app))
  await server.app.ready()
  await catalog.start?.()
  return {
    catalog,
    server,
    test,
    send: (method, url, sent = {}) => send(server, method, url, sent),
    async stop() {
      await server.stop()
      await catalog.stop?.()
      if (!given) await test.drop()
    },
  }
}

const accounts: Record<string, string> = {
  admin: '018f0000-0000-7000-8000-00000000000a',
  staff: '018f0000-0000-7000-8000-00000000000b',
  customer: '018f0000-0000-7000-8000-00000000000c',
}

function identityOf(token: string): Identity {
  const accountId = accounts[token]
  if (!accountId) throw httpProblem('invalid_token', 'not a token of this test')
  return { accountId, roles: [token] }
}

async function send(server: HttpServer, method: Method, url: string, sent: SendOptions): Promise<Answer> {
  const response = await server.app.inject({
    method,
    url,
    headers: {
      ...(sent.as && { authorization: `Bearer ${sent.as}` }),
      ...(sent.body !== undefined && { 'content-type': 'application/json' }),
      ...sent.headers,
    },
    ...(sent.body !== undefined && { payload: JSON.stringify(sent.body) }),
  })
  const isJson = String(response.headers['content-type']).includes('json')
  return {
    status: response.statusCode,
    headers: response.headers,
    body: isJson && response.body !== '' ? response.json() : response.body,
  }
}
