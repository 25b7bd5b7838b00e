import { randomUUID } from 'node:crypto'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { migrate } from '@colophon/postgres'
import { createTestDatabase, type TestDatabase } from '@colophon/postgres/testing'
import { createLogger } from '@colophon/runtime'
import {
  createPaymentsSandbox,
  type PaymentsSandbox,
  type PaymentsSandboxOptions,
  paymentsSandboxMigrations,
} from '../src/index.ts'

/** A sandbox on a port and a database of its own. */
export interface SandboxHarness {
  sandbox: PaymentsSandbox
  test: TestDatabase
  post(path: string, body: unknown, headers?: Record<string, string>): Promise<Answer>
  get(path: string, headers?: Record<string, string>): Promise<Answer>
  /** Charges 1,000 by a token under a key. */
  charge(token: string, key?: string, more?: Record<string, unknown>): Promise<Answer>
  /** Every charge there is. */
  charges(): Promise<Answer['body'][]>
  stop(): Promise<void>
}

export interface Answer {
  status: number
  // biome-ignore lint/suspicious/noExplicitAny: what an answer holds is what the tests are about
  body: any
}

type Options = Partial<PaymentsSandboxOptions> & { test?: TestDatabase }

/** Starts it; `test` is the database of another one, which drops it. */
export async function startSandbox({ test: given, ...options }: Options = {}): Promise<SandboxHarness> {
  const test = given ?? (await createTestDatabase())
  await migrate(test.database, paymentsSandboxMigrations)
  const logger = createLogger({ level: 'silent', readable: false })
  const sandbox = await createPaymentsSandbox({
    database: test.database,
    logger,
    version: '0.0.0',
    lateMs: 20,
    ...options,
  })
  await sandbox.start()
  const send = async (path: string, init: RequestInit): Promise<Answer> => {
    const response = await fetch(sandbox.address() + path, init)
    return { status: response.status, body: await response.json() }
  }
  const harness: SandboxHarness = {
    sandbox,
    test,
    get: (path, headers = {}) => send(path, { headers }),
    post: (path, body, headers = {}) =>
      send(path, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(body),
      }),
    charge: (token, key = randomUUID(), more = {}) =>
      harness.post(
        '/v1/charges',
        { amount: 1_000, currency: 'EUR', token, reference: 'order 1', ...more },
        { 'idempotency-key': key },
      ),
    async charges() {
      const items = []
      for (let cursor: string | null = ''; cursor !== null; ) {
        const page: Answer = await harness.get(`/v1/charges?limit=2${cursor && `&cursor=${cursor}`}`)
        items.push(...page.body.items)
        cursor = page.body.nextCursor
      }
      return items
    },
    async stop() {
      await sandbox.stop()
      if (!given) await test.drop()
    },
  }
  return harness
}

/** A shop that takes webhooks. */
export interface Receiver {
  url: string
  received: { headers: IncomingHttpHeaders; body: string }[]
  stop(): Promise<void>
}

/** @param statusOf what the n-th webhook is answered, from 1; 204 when absent; null for no answer at all */
export async function startReceiver(statusOf: (n: number) => number | null = () => 204): Promise<Receiver> {
  const received: Receiver['received'] = []
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    received.push({ headers: request.headers, body: Buffer.concat(chunks).toString() })
    const status = statusOf(received.length)
    if (status !== null) response.writeHead(status).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    received,
    async stop() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
