import type { ChildProcess } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { sql } from '@colophon/postgres'
import { createTestDatabase, type TestDatabase } from '@colophon/postgres/testing'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { runColophon, spawnColophon } from './process.ts'
import { secretKey, takePort, urlOf } from './support.ts'

/** A process of a fleet. */
interface Member {
  child: ChildProcess
  /** Where everything is, as its line that says that it is ready has it. */
  places: Record<string, string>
  lines: string[]
  end(signal: NodeJS.Signals): Promise<number | null>
}

let fleet: Member[]
let environment: Record<string, string>
let test: TestDatabase | undefined
let folder: string

beforeEach(async () => {
  fleet = []
  folder = await mkdtemp(join(tmpdir(), 'colophon-fleet-'))
  environment = {
    PORT: '0',
    SAMPLE_CATALOGUE: 'off',
    ADMIN_PASSWORD: 'correct horse battery',
    SECRET_KEY: secretKey,
  }
})
afterEach(async () => {
  await Promise.all(fleet.map((member) => member.end('SIGTERM')))
  await test?.drop()
  test = undefined
  await rm(folder, { recursive: true, force: true })
})

/** Starts a process and waits until it says that it is ready. */
async function start(args: readonly string[], more: Record<string, string> = {}): Promise<Member> {
  const child = spawnColophon(args, { ...environment, ...more })
  const lines: string[] = []
  const ready = Promise.withResolvers<Record<string, string>>()
  for (const stream of [child.stdout, child.stderr]) {
    if (stream === null) continue
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line)
      if (line.includes('is ready after')) ready.resolve(JSON.parse(line))
    })
  }
  const exited = once(child, 'exit')
  exited.then(([code]) => ready.reject(new Error(`${args.join(' ')} ended: ${code}: ${lines.join('\n')}`)))
  const places = await ready.promise
  const member: Member = {
    child,
    places,
    lines,
    async end(signal) {
      child.kill(signal)
      const [code] = await exited
      return code
    },
  }
  fleet.push(member)
  return member
}

async function ask(api: Member, path: string, options: RequestInit = {}) {
  const { origin } = new URL(api.places.api ?? '')
  const response = await fetch(`${origin}${path}`, options)
  // biome-ignore lint/suspicious/noExplicitAny: what an answer holds is what the test is about
  return { status: response.status, body: (await response.json()) as any }
}

function post(api: Member, path: string, body: unknown, token?: string) {
  return ask(api, path, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: {
      'content-type': 'application/json',
      'idempotency-key': randomUUID(),
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    },
  })
}

/** Places the order of a guest for a book that has just come in. */
async function buy(api: Member, payment = 'tok_approve') {
  const token = (await runColophon(['token', '--role', 'admin'], environment)).output.trim()
  const price = { amount: 1299, currency: 'EUR' }
  const { body: book } = await post(api, '/api/books', { title: 'A Book', format: 'paperback', price }, token)
  const adjusted = await post(
    api,
    `/api/inventory/${book.id}/adjustments`,
    { delta: 1, reason: 'goods_in' },
    token,
  )
  expect(adjusted.status).toBe(200)
  const city = {
    name: 'A. Reader',
    line1: 'Main Street 1',
    postalCode: '10115',
    city: 'Berlin',
    country: 'DE',
  }
  const lines = [{ bookId: book.id, quantity: 1 }]
  const order = { lines, email: 'guest@example.com', shippingAddress: city, payment: { token: payment } }
  const placed = await post(api, '/api/orders', order)
  expect(placed.status, JSON.stringify(placed.body)).toBe(202)
  const { id, orderToken } = placed.body
  return async (at = api) => {
    const seen = await ask(at, `/api/orders/${id}`, { headers: { 'order-token': orderToken } })
    return seen.body.status
  }
}

async function metricsOf(member: Member): Promise<string> {
  return (await fetch(member.places.ops ?? '')).text()
}

const soon = { timeout: 30_000, interval: 100 }
/** Milliseconds for what starts many processes, on a machine that runs all tests at once. */
const patience = 120_000

it(
  'each part in a process of its own: an order is confirmed, and all of them stop in good order',
  async () => {
    test = await createTestDatabase()
    environment.DATABASE_URL = urlOf(test)
    const sandbox = await start(['serve', 'payments-sandbox'])
    // Of no use to those who do not charge.
    const payments = { PAYMENTS_URL: sandbox.places.payments ?? '' }
    const [api, worker, relay, beat] = await Promise.all([
      start(['serve', 'api']),
      start(['worker'], { ...payments, OPS_PORT: '0' }),
      start(['relay'], { OPS_PORT: '0' }),
      start(['beat']),
      start(['worker'], payments),
    ])
    const status = await buy(api)
    await expect.poll(() => status(), soon).toBe('confirmed')
    for (const member of [api, worker, relay]) {
      const text = await metricsOf(member)
      expect(text).toMatch(/^outbox_messages\{state="pending",service="colophon"\} 0$/m)
      expect(text).toMatch(/^outbox_lag_seconds\{service="colophon"\} 0$/m)
      expect(text).toMatch(/^orders_overdue\{service="colophon"\} 0$/m)
    }
    expect(await metricsOf(worker)).toMatch(
      /^celery_worker_queue_depth\{queue="orders",service="colophon"\} 0$/m,
    )
    const ready = await fetch(new URL('/readyz', worker.places.ops))
    expect(await ready.json()).toEqual({ status: 'ready', stores: { postgres: 'up' } })
    expect(beat.places.ops).toBeUndefined()
    expect(await Promise.all(fleet.map((member) => member.end('SIGTERM')))).toEqual(fleet.map(() => 0))
    for (const { lines } of fleet) expect(lines.join('\n')).not.toMatch(/"level":"(error|fatal)"/)
  },
  patience,
)

it(
  'a worker beside a shop on an embedded database joins it; kill -9 of both loses no order',
  async () => {
    environment.DATABASE_URL = `embedded:${folder}/data`
    const alone = await runColophon(['worker'], environment)
    expect(alone).toMatchObject({ code: 1, output: expect.stringContaining('there is no shop in') })

    const shop = await start(['serve'])
    const worker = await start(['worker'])
    const status = await buy(shop)
    await Promise.all([shop.end('SIGKILL'), worker.end('SIGKILL')])
    const again = await start(['serve'])
    // What the dead worker held comes again when its lease is over.
    await expect.poll(() => status(again), { timeout: 90_000, interval: 250 }).toBe('confirmed')
    expect(await metricsOf(again)).toContain('celery_worker_tasks_total')
    expect(await again.end('SIGTERM')).toBe(0)
  },
  patience,
)

it(
  'orders are accepted while the broker is away, and the shop stops soon all the same',
  async () => {
    test = await createTestDatabase()
    const away = await takePort()
    environment.DATABASE_URL = urlOf(test)
    environment.BROKER_URL = `redis://127.0.0.1:${away.port}/0`
    environment.PAYMENTS_URL = 'sandbox'
    const shop = await start(['serve'])
    expect(shop.lines.join('\n')).toMatch(/"level":"warn".*no money moves/)
    const status = await buy(shop)
    await expect.poll(() => shop.lines.join('\n'), soon).toMatch(/a server cannot be reached: tried again in/)
    await expect.poll(() => metricsOf(shop), soon).toMatch(/^outbox_messages\{state="pending",[^}]*\} [1-9]/m)
    expect(await status()).toBe('placed')
    const tried = await test.database.query(sql`select id from orders.outbox where attempts > 0`)
    expect(tried).toEqual([])
    expect(await shop.end('SIGTERM')).toBe(0)
    await away.close()
  },
  patience,
)

it.each([
  [['serve', 'gateway'], 'Allowed choices are api, payments-sandbox'],
  [['worker', 'orders'], 'too many arguments'],
])('%j is usage', async (args, said) => {
  const { code, output } = await runColophon(args, environment)
  expect(code).toBe(2)
  expect(output).toContain(said)
})
