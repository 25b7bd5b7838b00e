import { randomUUIDv7 } from 'node:crypto'
import { createCelery, createDeadLetters } from '@colophon/celery'
import { createHttpServer, type HttpServer, httpProblem, type Identity } from '@colophon/http'
import { migrate } from '@colophon/postgres'
import { createTestDatabase, type TestDatabase } from '@colophon/postgres/testing'
import { createLogger, createMetrics } from '@colophon/runtime'
import { createOrders, type Orders, ordersMigrations } from '../src/index.ts'
import { createFakeCatalog, type FakeCatalog } from './support/fake-catalog.ts'
import { createFakeMailer } from './support/fake-mailer.ts'
import { createFakePayments, type FakePayments } from './support/fake-payments.ts'
import { createTaskRunner, type TaskRunner } from './support/task-runner.ts'

/** Stock, orders and payments behind an HTTP server, on a database of their own. */
export interface OrdersHarness extends TaskRunner {
  orders: Orders
  server: HttpServer
  test: TestDatabase
  catalog: FakeCatalog
  payments: FakePayments
  mailer: ReturnType<typeof createFakeMailer>
  /** The service's clock: set it, or move it on by milliseconds. */
  clock: { now: Date; advance(ms: number): void }
  /** Sends a request as somebody: a role's name is the token, and a second customer is `stranger`. */
  send(method: Method, url: string, options?: SendOptions): Promise<Answer>
  stop(): Promise<void>
}

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
export type Who = 'admin' | 'staff' | 'customer' | 'stranger'

export interface SendOptions {
  as?: Who
  body?: unknown
  headers?: Record<string, string>
}

export interface Answer {
  status: number
  headers: Record<string, string | number | string[] | undefined>
  // biome-ignore lint/suspicious/noExplicitAny: what an answer holds is what the tests are about
  body: any
}

export const webhookSecret = 'whsec_test'

export async function startOrders({ holdMinutes = 15 } = {}): Promise<OrdersHarness> {
  const logger = createLogger({ level: 'fatal', readable: false })
  const test = await createTestDatabase()
  await migrate(test.database, ordersMigrations)
  const catalog = createFakeCatalog(randomUUIDv7)
  const payments = createFakePayments()
  const mailer = createFakeMailer()
  const clock = {
    now: new Date('2026-06-01T12:00:00Z'),
    advance(ms: number) {
      clock.now = new Date(clock.now.getTime() + ms)
    },
  }
  const app = createCelery({ broker: 'memory:', results: 'memory:' })
  const orders = createOrders({
    database: test.database,
    logger,
    currency: 'EUR',
    pricesIncludeTax: true,
    holdMinutes,
    orderTokenKey: Buffer.alloc(32, 7),
    accounts: { emailOf: async (id) => emails[id] ?? null },
    catalog,
    payments,
    webhookSecret,
    mailer,
    seller: 'Books & Sons, High Street 2, 10115 Berlin, DE123456789',
    reportsTo: 'staff@example.com',
    deadLetters: createDeadLetters(app),
    now: () => clock.now,
    newId: idsBy(clock),
  })
  orders.defineTasks(app)
  const server = await serve(orders)
  return {
    orders,
    server,
    test,
    catalog,
    payments,
    mailer,
    clock,
    ...createTaskRunner(test.database, app, orders.deps),
    send: (method, url, sent = {}) => send(server, method, url, sent),
    async stop() {
      await server.stop()
      await orders.stop?.()
      await test.drop()
    },
  }
}

/** As `randomUUIDv7` makes them, by this clock. */
function idsBy(clock: { now: Date }): () => string {
  let made = 0
  return () => {
    const time = clock.now.getTime().toString(16).padStart(12, '0')
    const count = (made++).toString(16).padStart(15, '0')
    return `${time.slice(0, 8)}-${time.slice(8)}-7000-8${count.slice(0, 3)}-${count.slice(3)}`
  }
}

async function serve(orders: Orders): Promise<HttpServer> {
  const server = await createHttpServer({
    name: 'orders-test',
    version: '0.0.0',
    logger: createLogger({ level: 'fatal', readable: false }),
    metrics: createMetrics(),
    host: '127.0.0.1',
    port: 0,
    identify: { bearer: async (token) => identityOf(token), session: async () => null },
    problemTables: [orders.problems],
    openapi: { title: 'Test', description: 'Orders alone' },
    readiness: () => ({ ready: true, stores: {} }),
    // A machine that runs all tests at once is late now and then; that must not fail one.
    limits: { clientRate: null, accountRate: null, eventLoopDelayMs: 60_000 },
    corsOrigins: [],
  })
  server.app.register(async (app) => orders.routes(app))
  await server.app.ready()
  return server
}

export const accountIds: Record<Who, string> = {
  admin: '018f0000-0000-7000-8000-00000000000a',
  staff: '018f0000-0000-7000-8000-00000000000b',
  customer: '018f0000-0000-7000-8000-00000000000c',
  stranger: '018f0000-0000-7000-8000-00000000000d',
}
const emails: Record<string, string> = Object.fromEntries(
  Object.entries(accountIds).map(([who, id]) => [id, `${who}@example.com`]),
)

function identityOf(token: string): Identity {
  const accountId = accountIds[token as Who]
  if (!accountId) throw httpProblem('invalid_token', 'not a token of this test')
  return { accountId, roles: [token === 'stranger' ? 'customer' : token] }
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
    ...(sent.body !== undefined && {
      payload: typeof sent.body === 'string' ? sent.body : JSON.stringify(sent.body),
    }),
  })
  const isJson = String(response.headers['content-type']).includes('json')
  return {
    status: response.statusCode,
    headers: response.headers,
    body: isJson && response.body !== '' ? response.json() : response.body,
  }
}
