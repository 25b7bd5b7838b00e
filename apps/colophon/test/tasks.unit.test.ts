import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { hostname } from 'node:os'
import { catalogTasks } from '@colophon/catalog'
import { CeleryError, createCelery, createMemoryBroker, createWorker } from '@colophon/celery'
import { DatabaseError, type OutboxRow, openDatabase, sql } from '@colophon/postgres'
import { ConfigError, createLogger, Registry } from '@colophon/runtime'
import { describe, expect, it } from 'vitest'
import { watchOrders } from '../src/metrics.ts'
import { lazyProvider, providerUrl } from '../src/payments.ts'
import { configOf } from '../src/settings.ts'
import { createShop } from '../src/shop.ts'
import { createTasks } from '../src/tasks/app.ts'
import { databaseUrl } from '../src/tasks/database-url.ts'
import { workerPart } from '../src/tasks/parts.ts'
import { inBackground, patiently } from '../src/tasks/patiently.ts'
import { createPublisher, isUnpublishable, taskIdOf } from '../src/tasks/publish.ts'
import { taskSettings } from '../src/tasks/settings.ts'
import { collector, secretKey } from './support.ts'

const logger = createLogger({ level: 'silent', readable: false })

describe('where the database is, as a URL', () => {
  it.each([
    [
      { host: '/data/my shop', port: 5432, user: 'colophon', database: 'colophon' },
      'postgres://colophon@localhost:5432/colophon?host=%2Fdata%2Fmy+shop',
    ],
    [{ url: 'postgres://a:b@db/shop' }, 'postgres://a:b@db/shop'],
    [{ url: 'postgres://db/shop?sslmode=verify-full' }, 'postgres://db/shop?sslmode=verify-full'],
    [{ url: 'postgres://db/shop?sslmode=require' }, 'postgres://db/shop?sslmode=require&uselibpqcompat=true'],
    [
      { url: 'postgres://db/shop?sslmode=require&uselibpqcompat=false' },
      'postgres://db/shop?sslmode=require&uselibpqcompat=false',
    ],
  ])('%j', (target, url) => {
    expect(databaseUrl(target)).toBe(url)
  })
})

describe('the broker of the settings', () => {
  it('may be several servers of RabbitMQ', () => {
    const { parse } = taskSettings.brokerUrl
    expect(parse('amqp://one:5672/shop; amqps://two')).toBe('amqp://one:5672/shop;amqps://two')
    expect(() => parse('amqp://one;http://two')).toThrow('a URL that starts with amqp://')
  })

  it('that leads nowhere ends the start as a wrong setting', () => {
    const settings = { brokerUrl: 'redis://h/notanumber', resultBackendUrl: undefined }
    expect(() => createTasks(settings, 'postgres://db/shop', logger)).toThrow(ConfigError)
    expect(() => createTasks(settings, 'postgres://db/shop', logger)).toThrow(
      'BROKER_URL or RESULT_BACKEND_URL',
    )
  })
})

const row: OutboxRow = {
  sequence: 7,
  createdAt: '2026-06-01T12:00:00Z',
  attempts: 0,
  key: 'order 1',
  topic: 'task',
  payload: { task: 'orders.charge', kwargs: { order_id: '1' } },
  headers: { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' },
}

describe('an outbox row', () => {
  it('is the same task however often it is sent, and another than that of other rows', () => {
    const id = taskIdOf('orders', row)
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(taskIdOf('orders', { ...row, attempts: 3 })).toBe(id)
    expect(taskIdOf('orders', { ...row, sequence: 8 })).not.toBe(id)
    expect(taskIdOf('reviews', row)).not.toBe(id)
  })

  it.each([
    { ...row, topic: 'weather' },
    { ...row, payload: 'orders.charge' },
    { ...row, payload: { task: 7, kwargs: {} } },
    { ...row, topic: 'stock.availability', payload: null },
    { ...row, topic: 'stock.price', payload: { bookId: '1', price: 1299 } },
  ])('of which no task can be made is unpublishable: %j', async (given) => {
    const publish = createPublisher(createCelery({ broker: createMemoryBroker() }), 'orders')
    expect(isUnpublishable(await publish(given).catch((error: unknown) => error))).toBe(true)
  })

  it('that a broker does not take now is publishable', () => {
    expect(isUnpublishable(new CeleryError('BAD_VALUE', 'x'))).toBe(true)
    expect(isUnpublishable(new CeleryError('BROKER_UNAVAILABLE', 'x'))).toBe(false)
    expect(isUnpublishable(new Error('x'))).toBe(false)
  })
})

describe('a task of the catalogue', () => {
  const book_id = '0198c0de-0000-7000-8000-000000000001'

  it('is made of what orders say of a book', async () => {
    const broker = createMemoryBroker()
    const app = createCelery({ broker })
    const told: unknown[] = []
    catalogTasks(app, {
      followStock: async (change) => void told.push(change),
      async setPrice(change) {
        told.push(change)
        return { isOvertaken: false }
      },
    })
    const publish = createPublisher(app, 'orders')
    const worker = createWorker(app, { queues: ['catalog'], concurrency: 1 })
    const said = { bookId: book_id, price: { amount: 1299, currency: 'EUR' }, actor: 'command' }
    await publish({ ...row, topic: 'stock.availability', payload: { bookId: book_id, inStock: true } })
    await publish({ ...row, sequence: 8, topic: 'stock.price', payload: said })
    await worker.start()
    await expect.poll(() => told).toHaveLength(2)
    await worker.stop()
    expect(told).toEqual([
      { bookId: book_id, inStock: true, sequence: 7 },
      { ...said, sequence: 8, saidAt: row.createdAt },
    ])
  })
})

it('the workers of a process have names of their own on their host, and payments and mails places of their own', async () => {
  const lines: { hostname?: unknown; queues?: unknown; concurrency?: unknown }[] = []
  const tell = (fields: object) => void lines.push(fields)
  const log = { debug: tell, info: tell, warn: tell, error: tell }
  const app = createCelery({ broker: createMemoryBroker(), log })
  const part = workerPart(app, { concurrency: 1, control: false })
  await part.start()
  await part.stop()
  const told = lines.filter((line) => line.hostname !== undefined)
  expect(told.map(({ hostname, queues, concurrency }) => [hostname, queues, concurrency]).sort()).toEqual([
    [`colophon-${process.pid}@${hostname()}`, ['orders', 'catalog'], 1],
    [`colophon-mails-${process.pid}@${hostname()}`, ['mails'], 3],
    [`colophon-payments-${process.pid}@${hostname()}`, ['payments'], 1],
  ])
})

describe('a start', () => {
  const away = new CeleryError('BROKER_UNAVAILABLE', 'nobody answers')

  it('is tried again while its server is away', async () => {
    let starts = 0
    const part = {
      name: 'worker',
      async start() {
        starts += 1
        if (starts === 1) throw away
      },
      stop: async () => {},
    }
    await patiently(part, logger, 1).start()
    expect(starts).toBe(2)
  })

  it('that waits for its server ends with a stop, and starts no more', async () => {
    let starts = 0
    const tried = Promise.withResolvers<void>()
    const part = {
      name: 'worker',
      async start() {
        starts += 1
        tried.resolve()
        throw away
      },
      stop: async () => {},
    }
    const patient = patiently(part, logger)
    const started = patient.start()
    await tried.promise
    await patient.stop()
    await started
    expect(starts).toBe(1)
  })

  it('that can never succeed is told, also when nobody waits for it', async () => {
    const part = {
      name: 'worker',
      async start() {
        throw new Error('no such right')
      },
      stop: async () => {},
    }
    const patient = patiently(part, logger)
    await expect(async () => patient.start()).rejects.toThrow('no such right')
    const failure = Promise.withResolvers<unknown>()
    const background = inBackground(patient, failure.resolve)
    background.start?.()
    expect(await failure.promise).toMatchObject({ message: 'no such right' })
    await background.stop?.()
  })
})

describe('what the metrics ask the database', () => {
  const stats = { pending: 3, behind: 2, parked: 1, oldestSeconds: 4.5 }

  it('is asked once by a scrape', async () => {
    const registry = new Registry()
    let asked = 0
    const outbox = async () => ({ ...stats, pending: ++asked })
    const counts = { overdue: async () => 7, overdueMails: async () => 8, refusedRefunds: async () => 9 }
    watchOrders(registry, { ...counts, outbox }, logger)
    await registry.metrics()
    const text = await registry.metrics()
    const lines = ['outbox_messages{state="pending"} 2', 'outbox_lag_seconds 4.5', 'orders_overdue 7']
    for (const line of [...lines, 'mails_overdue 8', 'refunds_refused 9']) expect(text).toContain(`${line}\n`)
  })

  it.each([
    ['is away', new DatabaseError('UNAVAILABLE', 'no connection'), 0],
    ['takes too long', new DatabaseError('TIMEOUT', 'late'), 0],
    ['does not know what it is asked', new Error('column "due_at" does not exist'), 4],
  ])('is left out while it %s, and a mistake of ours is logged', async (_, error, logged) => {
    const registry = new Registry()
    const { stream, text } = collector(false)
    const log = createLogger({ level: 'info', readable: false, destination: stream })
    const ask = () => Promise.reject(error)
    watchOrders(registry, { overdue: ask, overdueMails: ask, refusedRefunds: ask, outbox: ask }, log)
    const told = await registry.metrics()
    expect(told).toContain('# HELP outbox_messages')
    expect(told).not.toMatch(/^\w/m)
    expect(text().match(/a metric cannot be told/g) ?? []).toHaveLength(logged)
  })

  it('is left out while it does not answer, long before a scrape is given up', async () => {
    const sockets: Socket[] = []
    const server = createServer((socket) => void sockets.push(socket)).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const connection = { url: `postgres://127.0.0.1:${port}/shop` }
    const database = openDatabase({ connection, application: 'test', connectTimeout: 30_000 })
    const count = async () => (await database.one<{ count: number }>(sql`select 1 as count`)).count
    const registry = new Registry()
    const counts = { overdue: count, overdueMails: count, refusedRefunds: count }
    watchOrders(registry, { ...counts, outbox: async () => stats }, logger)
    const told = await registry.metrics()
    expect(told).toContain('outbox_lag_seconds 4.5')
    expect(told).not.toMatch(/^((orders|mails)_overdue|refunds_refused)/m)
    for (const socket of sockets) socket.destroy()
    server.close()
    await database.close()
  })
})

it('a process without a payment provider says so when it is to use one, and only then', async () => {
  const provider = lazyProvider(() => undefined, undefined, logger)
  await expect(provider.find('charge-1')).rejects.toThrow('set PAYMENTS_URL')
  await provider.close()
})

it('PAYMENTS_URL names a provider, or asks for the sandbox of this process', () => {
  const urlIn = (PAYMENTS_URL: string) => providerUrl(configOf({ PAYMENTS_URL }).paymentsUrl)
  expect(urlIn('http://payments.example')).toBe('http://payments.example')
  expect(urlIn('sandbox')).toBeUndefined()
  expect(() => urlIn('Sandbox')).toThrow(
    'PAYMENTS_URL must be a URL that starts with http:// or https://, or sandbox',
  )
})

it('a shop whose tasks cannot be let go of lets go of its payment provider all the same', async () => {
  const config = configOf({ DATABASE_URL: 'postgres://127.0.0.1:9/x', SECRET_KEY: secretKey })
  const database = openDatabase({ connection: { url: config.databaseUrl }, application: 'test' })
  const shop = await createShop(config, { database, folder: null, url: config.databaseUrl }, logger)
  let isClosed = false
  shop.orders.deps.payments.close = async () => {
    isClosed = true
  }
  const { close } = shop.tasks
  shop.tasks.close = async () => {
    await close.call(shop.tasks)
    throw new Error('the broker is gone')
  }
  await expect(shop.close()).rejects.toThrow('the broker is gone')
  expect(isClosed).toBe(true)
  await database.close()
})
