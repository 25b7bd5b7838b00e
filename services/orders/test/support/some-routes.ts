import { randomUUIDv7 } from 'node:crypto'
import { type Celery, createCelery, createDeadLetters } from '@colophon/celery'
import { type App, createHttpServer, httpProblem, type Identity } from '@colophon/http'
import { migrate } from '@colophon/postgres'
import { createTestDatabase, type TestDatabase } from '@colophon/postgres/testing'
import { createLogger, createMetrics } from '@colophon/runtime'
import type { OrdersDeps } from '../../src/deps.ts'
import { ordersProblems } from '../../src/problems.ts'
import { createFakeCatalog, type FakeCatalog } from './fake-catalog.ts'
import { createFakeMailer } from './fake-mailer.ts'
import { createFakePayments } from './fake-payments.ts'

/** Some routes of orders on a database of their own, with a broker in memory and without outbox. */
export interface SomeRoutes {
  deps: OrdersDeps
  test: TestDatabase
  /** The app whose dead letters they are. */
  app: Celery
  catalog: FakeCatalog
  mailer: ReturnType<typeof createFakeMailer>
  /** The clock of the operations. */
  clock: { now: Date }
  /** Sends a request as somebody: a role's name is the token. */
  send(method: 'GET' | 'POST' | 'PUT' | 'DELETE', url: string, options?: SendOptions): Promise<Answer>
  stop(): Promise<void>
}

interface SendOptions {
  as?: 'admin' | 'staff' | 'customer'
  body?: unknown
  headers?: Record<string, string>
}

interface Answer {
  status: number
  headers: Record<string, string | number | string[] | undefined>
  // biome-ignore lint/suspicious/noExplicitAny: what an answer holds is what the tests are about
  body: any
}

export async function startRoutes(
  routes: readonly ((app: App, deps: OrdersDeps) => void)[],
  changes: Partial<OrdersDeps> = {},
): Promise<SomeRoutes> {
  const test = await createTestDatabase()
  await migrate(test.database, {
    schema: 'orders',
    folder: new URL('../../src/migrations/', import.meta.url),
  })
  const app = createCelery({ broker: 'memory:', results: 'memory:' })
  const catalog = createFakeCatalog(randomUUIDv7)
  const mailer = createFakeMailer()
  const clock = { now: new Date('2026-06-01T12:00:00Z') }
  const logger = createLogger({ level: 'fatal', readable: false })
  const deps: OrdersDeps = {
    database: test.database,
    logger,
    currency: 'EUR',
    pricesIncludeTax: true,
    holdMs: 900_000,
    orderTokenKey: Buffer.alloc(32, 7),
    accounts: { emailOf: async () => null },
    catalog,
    payments: createFakePayments(),
    webhookSecret: '',
    seller: 'Colophon',
    mailer,
    reportsTo: 'staff@example.com',
    outbox: { add: async () => {}, nudge() {} },
    deadLetters: createDeadLetters(app),
    now: () => clock.now,
    newId: randomUUIDv7,
    ...changes,
  }
  const server = await createHttpServer({
    name: 'orders-test',
    version: '0.0.0',
    logger,
    metrics: createMetrics(),
    host: '127.0.0.1',
    port: 0,
    identify: { bearer: async (token) => identityOf(token), session: async () => null },
    problemTables: [ordersProblems],
    openapi: { title: 'Test', description: 'Some routes of orders' },
    readiness: () => ({ ready: true, stores: {} }),
    limits: { clientRate: null, accountRate: null, eventLoopDelayMs: 60_000 },
    corsOrigins: [],
  })
  server.app.register(async (scope) => {
    for (const route of routes) route(scope, deps)
  })
  await server.app.ready()
  return {
    deps,
    test,
    app,
    catalog,
    mailer,
    clock,
    async send(method, url, { as, body, headers } = {}) {
      const response = await server.app.inject({
        method,
        url,
        headers: {
          ...(as && { authorization: `Bearer ${as}` }),
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body !== undefined && { payload: JSON.stringify(body) }),
      })
      const isJson = String(response.headers['content-type']).includes('json')
      return {
        status: response.statusCode,
        headers: response.headers,
        body: isJson && response.body !== '' ? response.json() : response.body,
      }
    },
    async stop() {
      await server.stop()
      await app.close()
      await test.drop()
    },
  }
}

export const staffId = '018f0000-0000-7000-8000-00000000000b'

function identityOf(token: string): Identity {
  if (!['admin', 'staff', 'customer'].includes(token)) throw httpProblem('invalid_token', 'not of this test')
  return { accountId: staffId, roles: [token] }
}
