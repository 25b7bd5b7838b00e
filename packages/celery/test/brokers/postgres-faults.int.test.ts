import { randomUUID } from 'node:crypto'
import { createTestDatabase, type TestDatabase } from '@colophon/postgres/testing'
import type pg from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { pause } from '../../src/async/pause.ts'
import type { Broker, Delivery } from '../../src/brokers/port.ts'
import {
  createPostgresBroker,
  type PostgresBrokerOptions,
  type SqlPool,
} from '../../src/brokers/postgres/index.ts'
import { noLog } from '../../src/log.ts'
import type { SqlConnection } from '../../src/postgres/pool.ts'
import { forgetfulPool, poolOf, poolThrough, terminateAll, urlOf } from '../postgres/support/places.ts'
import { closeWhileConsuming } from './support/close-while-consuming.ts'
import { watchOverflows } from './support/overflows.ts'

let database: TestDatabase
let admin: pg.Pool
const brokers: Broker[] = []

beforeAll(async () => {
  database = await createTestDatabase()
  admin = poolOf(database, 2)
})
afterEach(() => Promise.all(brokers.splice(0).map((broker) => broker.close())))
afterAll(async () => {
  await admin.end()
  await database.drop()
})

async function openBroker(options: PostgresBrokerOptions = {}, source: string | SqlPool = urlOf(database)) {
  const broker = createPostgresBroker(source, options)
  brokers.push(broker)
  await broker.open()
  return broker
}

function messageOf(id: string) {
  return {
    headers: { id },
    properties: { contentType: 'application/json', contentEncoding: 'utf-8' },
    body: Buffer.from('[]'),
  }
}

const newQueue = () => ({ name: `faults-${randomUUID()}` })
const idOf = ({ message }: Delivery) => message.headers.id as string
const eventually = <T>(check: () => T) => vi.waitFor(check, { timeout: 25_000, interval: 10 })

/** Rows of the queue, whatever their state. */
async function rowsOf(queue: string): Promise<number> {
  const { rows } = await admin.query('SELECT count(*)::int AS count FROM celery.messages WHERE queue = $1', [
    queue,
  ])
  return rows[0].count
}

function publishAll(broker: Broker, queue: string, ids: string[]): Promise<unknown> {
  return Promise.all(
    ids.map((id) => broker.publish(messageOf(id), { exchange: '', routingKey: queue }, { timeout: 30 })),
  )
}

/** As a server that has become a standby. */
const queryReadOnly: SqlConnection['query'] = async (statement) => {
  const reader = poolOf(database, 1)
  try {
    await reader.query('SET default_transaction_read_only = on')
    return await reader.query(statement)
  } finally {
    await reader.end()
  }
}

const idsOf = (count: number) => Array.from({ length: count }, (_, index) => String(index))

test('consumers of several processes never get the same message', async () => {
  const queue = newQueue()
  const publisher = await openBroker()
  await publisher.declare(queue)
  const got: string[] = []
  for (const broker of [await openBroker(), await openBroker(), await openBroker()]) {
    for (const prefetch of [3, 60]) {
      const onDelivery = (delivery: Delivery) => {
        got.push(idOf(delivery))
        expect(delivery.redelivered).toBe(false)
        setImmediate(() => void delivery.ack())
      }
      await broker.consume(queue, { prefetch, onDelivery })
    }
  }
  const ids = idsOf(3_000)
  await publishAll(publisher, queue.name, ids)
  await eventually(async () => expect(await rowsOf(queue.name)).toBe(0))
  expect(got.toSorted()).toEqual(ids.toSorted())
})

test('every connection ended, again and again, in the middle of everything: nothing is lost, and nothing is stuck', async () => {
  const queue = newQueue()
  const [publisher, one, two] = [await openBroker(), await openBroker(), await openBroker()]
  await publisher.declare(queue)
  const acked = new Set<string>()
  for (const broker of [one, two]) {
    const onDelivery = (delivery: Delivery) =>
      setImmediate(() => {
        acked.add(idOf(delivery))
        void delivery.ack()
      })
    await broker.consume(queue, { prefetch: 40, onDelivery })
  }
  const ids = idsOf(4_000)
  let ended = 0
  for (let start = 0; start < ids.length; start += 400) {
    const sending = publishAll(publisher, queue.name, ids.slice(start, start + 400))
    for (let kill = 0; kill < 3; kill++) ended += await terminateAll(admin)
    await sending
  }
  expect(ended).toBeGreaterThan(30)
  await eventually(() => expect(acked.size).toBe(ids.length))
  await eventually(async () => expect(await rowsOf(queue.name)).toBe(0))
})

describe('a worker that falls silent', () => {
  /** A pool that can be cut off from the server, as is a process that was stopped or whose network is gone. */
  function severable() {
    const pool = poolOf(database)
    let isSevered = false
    const source: SqlPool = {
      async connect() {
        if (isSevered) throw new Error('the network is gone')
        return pool.connect()
      },
    }
    return {
      source,
      sever() {
        isSevered = true
      },
      end: () => pool.end(),
    }
  }

  test('loses what it holds when its lease is over, and then its acknowledgements do nothing', async () => {
    const queue = newQueue()
    const silent = severable()
    const received: Delivery[] = []
    const first = await openBroker({ leaseTimeout: 1 }, silent.source)
    await first.consume(queue, { prefetch: 2, onDelivery: (delivery) => received.push(delivery) })
    await publishAll(first, queue.name, ['a', 'b'])
    await eventually(() => expect(received).toHaveLength(2))
    silent.sever()

    const taken: Delivery[] = []
    const second = await openBroker({ leaseTimeout: 1 })
    await second.consume(queue, { prefetch: 2, onDelivery: (delivery) => taken.push(delivery) })
    await eventually(() => expect(taken).toHaveLength(2))
    expect(taken.map((delivery) => [idOf(delivery), delivery.redelivered])).toEqual([
      ['a', true],
      ['b', true],
    ])
    expect(await taken[0]?.countStart()).toBe(1)
    expect(await taken[0]?.countStart()).toBe(2)

    expect(received.map(({ isLost }) => isLost)).toEqual([true, true])
    await Promise.all([received[0]?.ack(), received[1]?.requeue()])
    expect(taken.map(({ isLost }) => isLost)).toEqual([false, false])
    expect(await rowsOf(queue.name)).toBe(2)
    await taken[0]?.ack()
    await taken[1]?.ack()
    await eventually(async () => expect(await rowsOf(queue.name)).toBe(0))
    await first.close()
    await silent.end()
  })

  test('keeps what it holds for as long as it renews its lease', async () => {
    const queue = newQueue()
    const [holder, other] = [await openBroker({ leaseTimeout: 1 }), await openBroker({ leaseTimeout: 1 })]
    const [held, stolen]: [Delivery[], Delivery[]] = [[], []]
    await holder.consume(queue, { prefetch: 1, onDelivery: (delivery) => held.push(delivery) })
    await publishAll(holder, queue.name, ['a'])
    await eventually(() => expect(held).toHaveLength(1))
    await other.consume(queue, { prefetch: 1, onDelivery: (delivery) => stolen.push(delivery) })
    const leaseOf = async () =>
      (
        await admin.query('SELECT max(lease_until) AS until FROM celery.holders WHERE queue = $1', [
          queue.name,
        ])
      ).rows[0].until
    // Ten renewals, several times as long as one lease lasts.
    for (let renewal = 0, before = await leaseOf(); renewal < 10; renewal++) {
      await eventually(async () => expect((await leaseOf()) > before).toBe(true))
      before = await leaseOf()
    }
    expect([held[0]?.isLost, stolen.length]).toEqual([false, 0])
    await held[0]?.ack()
    await eventually(async () => expect(await rowsOf(queue.name)).toBe(0))
  })
})

test('what was taken though the answer never came is put back, and not held for ever', async () => {
  const queue = newQueue()
  const pool = poolOf(database)
  let swallowed = 0
  const source = poolThrough(pool, async (statement, send) => {
    const answer = await send(statement)
    const isTake = statement.text.includes('.take(') && answer.rows.length > 0
    if (isTake && swallowed++ === 0) throw new Error('the connection broke')
    return answer
  })
  const publisher = await openBroker()
  await publisher.declare(queue)
  await publishAll(publisher, queue.name, ['a', 'b', 'c'])
  const broker = await openBroker({}, source)
  const got: Delivery[] = []
  await broker.consume(queue, { prefetch: 2, onDelivery: (delivery) => got.push(delivery) })
  await eventually(() => expect(got).toHaveLength(2))
  expect(got.map((delivery) => [idOf(delivery), delivery.redelivered])).toEqual([
    ['a', true],
    ['b', true],
  ])
  for (const delivery of got.slice()) await delivery.ack()
  await eventually(() => expect(got.map(idOf)).toEqual(['a', 'b', 'c']))
  await got[2]?.ack()
  await eventually(async () => expect(await rowsOf(queue.name)).toBe(0))
  expect(swallowed).toBeGreaterThan(1)
  await broker.close()
  await pool.end()
})

test('a broker that is closed while it is asked to consume leaves nothing that keeps the process', async () => {
  const outcomes = await closeWhileConsuming(urlOf(database))
  expect(outcomes).toHaveLength(12)
  expect(outcomes.filter((outcome) => outcome !== 'consumes' && outcome !== 'CLOSED')).toEqual([])
})

describe('an acknowledgement before the task begins', () => {
  async function holding(source: string | SqlPool, options: PostgresBrokerOptions = {}) {
    const [queue, broker] = [newQueue(), await openBroker(options, source)]
    const got: Delivery[] = []
    await broker.consume(queue, { prefetch: 1, onDelivery: (delivery) => got.push(delivery) })
    await publishAll(broker, queue.name, ['a'])
    await eventually(() => expect(got).toHaveLength(1))
    return { queue, got, broker }
  }

  test('is in vain when the server has taken the message back meanwhile', async () => {
    const { queue, got } = await holding(urlOf(database))
    // As when this process was suspended, or the server's clock was set forward: nobody here knows of it yet.
    await admin.query('UPDATE celery.messages SET holder = NULL, redelivered = true WHERE queue = $1', [
      queue.name,
    ])
    expect(got[0]?.isLost).toBe(false)
    expect(await got[0]?.ackFirst()).toBe(false)
    await eventually(() => expect(got).toHaveLength(2))
    expect(await got[1]?.ackFirst()).toBe(true)
    expect(await rowsOf(queue.name)).toBe(0)
  })

  test('is not in vain when it was made, and only its answer was lost', async () => {
    const source = forgetfulPool(database, /\.ack_first\(/)
    const { queue, got, broker } = await holding(source)
    expect(await got[0]?.ackFirst()).toBe(true)
    expect(source.asked).toBe(2)
    expect(await rowsOf(queue.name)).toBe(0)
    await broker.close()
  })

  const refused = () => Promise.reject(new Error('connect ECONNREFUSED'))
  const outages: [string, (pool: pg.Pool, isAway: () => boolean) => SqlPool][] = [
    ['cannot be reached', (pool, isAway) => ({ connect: () => (isAway() ? refused() : pool.connect()) })],
    [
      'can only be read',
      (pool, isAway) => poolThrough(pool, (statement, send) => (isAway() ? queryReadOnly : send)(statement)),
    ],
  ]

  test.each(outages)('is in vain when the server %s until the lease is over', async (_, through) => {
    const pool = poolOf(database)
    onTestFinished(() => pool.end())
    let isAway = false
    const source = through(pool, () => isAway)
    const { queue, got, broker } = await holding(source, { leaseTimeout: 1 })
    isAway = true
    expect(await got[0]?.ackFirst()).toBe(false)
    isAway = false
    await eventually(() => expect(got).toHaveLength(2))
    expect(await got[1]?.ackFirst()).toBe(true)
    expect(await rowsOf(queue.name)).toBe(0)
    await broker.close()
  })
})

test('a start is counted once, though the answer is lost', async () => {
  const source = forgetfulPool(database, /\bSET starts\b/)
  const [queue, broker] = [newQueue(), await openBroker({}, source)]
  const got: Delivery[] = []
  await broker.consume(queue, { prefetch: 1, onDelivery: (delivery) => got.push(delivery) })
  await publishAll(broker, queue.name, ['a'])
  await eventually(() => expect(got).toHaveLength(1))
  await got[0]?.requeue()
  await eventually(() => expect(got).toHaveLength(2))
  expect(await got[1]?.countStart()).toBe(1)
  expect(source.asked).toBe(2)
  await got[1]?.ack()
  await broker.close()
})

test('the time to publish is one, whatever has to be done first', async () => {
  const pool = poolOf(database)
  let isSlow = false
  const source = poolThrough(pool, async (statement, send) => {
    if (isSlow) await pause(0.4)
    return await send(statement)
  })
  const [queue, broker] = [newQueue(), await openBroker({}, source)]
  isSlow = true
  // To declare the queue, to read the routes, and to write.
  const publishing = broker.publish(
    messageOf('a'),
    { exchange: '', routingKey: queue.name, declare: queue },
    { timeout: 1 },
  )
  await expect(publishing).rejects.toMatchObject({ code: 'BROKER_UNAVAILABLE' })
  await broker.close()
  await pool.end()
})

test('what a server that can only be read says is in the error of a send, and in the log of a consumer', async () => {
  const pool = poolOf(database)
  onTestFinished(() => pool.end())
  let isReadOnly = false
  const source = poolThrough(pool, (statement, send) => (isReadOnly ? queryReadOnly : send)(statement))
  const warnings: unknown[] = []
  const broker = await openBroker({ log: { ...noLog, warn: (fields) => warnings.push(fields) } }, source)
  const queue = newQueue()
  await broker.consume(queue, { prefetch: 1, onDelivery: () => undefined })
  isReadOnly = true
  const publishing = broker.publish(messageOf('a'), { exchange: '', routingKey: queue.name }, { timeout: 1 })
  await expect(publishing).rejects.toMatchObject({
    code: 'BROKER_UNAVAILABLE',
    message: expect.stringMatching(/^PostgreSQL did not do it in time: .*read-only transaction/),
  })
  await eventually(() =>
    expect(warnings).toContainEqual({ queue: queue.name, reason: expect.stringContaining('read-only') }),
  )
  isReadOnly = false
  await broker.close()
})

test.each([
  ['waits for ever', 0, 'the pool gave no connection: no answer within 5 s'],
  ['waits a moment', 50, 'timeout exceeded when trying to connect'],
])(
  'of a pool with no connection free that %s the log of a consumer tells',
  async (_, wait, reason) => {
    const pool = poolOf(database, 2, wait)
    const warnings: [unknown, string][] = []
    const log = { ...noLog, warn: (fields: object, text: string) => warnings.push([fields, text]) }
    const broker = await openBroker({ log }, pool)
    const queue = newQueue()
    const got: string[] = []
    await broker.consume(queue, { prefetch: 1, onDelivery: (delivery) => got.push(idOf(delivery)) })
    // The other one listens.
    const taken = await pool.connect()
    await eventually(() =>
      expect(warnings).toContainEqual([{ queue: queue.name, reason }, 'messages could not be taken']),
    )
    taken.release()
    await publishAll(broker, queue.name, ['a'])
    await eventually(() => expect(got).toEqual(['a']))
    await broker.close()
    await pool.end()
  },
  60_000,
)

test('a month is as long as any timer', async () => {
  const [month, overflows] = [30 * 86_400, watchOverflows()]
  const [queue, broker] = [newQueue(), await openBroker({ leaseTimeout: 4 * month })]
  const to = { exchange: '', routingKey: queue.name, declare: queue }
  await broker.publish(messageOf('a'), to, { timeout: month })
  const got: Delivery[] = []
  await broker.consume(queue, { prefetch: 1, onDelivery: (delivery) => got.push(delivery) })
  await eventually(() => expect(got).toHaveLength(1))
  expect(await got[0]?.ackFirst()).toBe(true)
  await broker.close()
  expect(overflows).toEqual([])
})

describe('publishing within a transaction', () => {
  async function within(work: (client: pg.PoolClient) => Promise<void>, end: 'COMMIT' | 'ROLLBACK') {
    const client = await admin.connect()
    try {
      await client.query('BEGIN')
      await work(client)
      await client.query(end)
    } finally {
      client.release()
    }
  }

  test('is sent if and only if it commits', async () => {
    const queue = newQueue()
    const broker = await openBroker()
    const got: string[] = []
    const onDelivery = (delivery: Delivery) => {
      got.push(idOf(delivery))
      void delivery.ack()
    }
    await broker.consume(queue, { prefetch: 10, onDelivery })
    const publish = (id: string) => (transaction: pg.PoolClient) =>
      broker.publish(messageOf(id), { exchange: '', routingKey: queue.name }, { transaction })
    await within(publish('rolled back'), 'ROLLBACK')
    await within(async (client) => {
      await publish('committed')(client)
      expect(await rowsOf(queue.name)).toBe(0)
      expect(got).toEqual([])
    }, 'COMMIT')
    await eventually(() => expect(got).toEqual(['committed']))
    await publishAll(broker, queue.name, ['after'])
    await eventually(() => expect(got).toEqual(['committed', 'after']))
    await eventually(async () => expect(await rowsOf(queue.name)).toBe(0))
  })

  test('says what the database said', async () => {
    const queue = newQueue()
    const broker = await openBroker()
    await broker.declare(queue)
    const transaction = { query: () => Promise.reject(new Error('the transaction is over')) }
    const publishing = broker.publish(
      messageOf('a'),
      { exchange: '', routingKey: queue.name },
      { transaction },
    )
    await expect(publishing).rejects.toThrow('the transaction is over')
  })
})

describe('what PostgreSQL refuses of what became of a message', () => {
  async function holding(count: number, options: Record<string, unknown> = {}) {
    const queue = { ...newQueue(), arguments: options }
    const errors: unknown[] = []
    const broker = await openBroker({ log: { ...noLog, error: (fields) => errors.push(fields) } })
    await broker.declare(queue)
    await broker.declare({ name: 'celery' })
    await publishAll(broker, queue.name, idsOf(count))
    const got: Delivery[] = []
    const onDelivery = (delivery: Delivery) => void got.push(delivery)
    const consumption = await broker.consume(queue, { prefetch: 2 * count, onDelivery })
    await eventually(() => expect(got).toHaveLength(count))
    return { queue, errors, got, consumption }
  }

  /** Until `back` is called there is no such function. */
  async function without(
    name: 'ack' | 'ack_first' | 'park' | 'publish',
  ): Promise<{ back(): Promise<unknown> }> {
    const { rows } = await admin.query(
      `SELECT oid::regprocedure::text AS it FROM pg_proc WHERE proname = $1 AND pronamespace = 'celery'::regnamespace`,
      [name],
    )
    const arguments_ = (rows[0].it as string).replace(/^[^(]+/, '')
    await admin.query(`ALTER FUNCTION celery.${name}${arguments_} RENAME TO ${name}_away`)
    return { back: () => admin.query(`ALTER FUNCTION celery.${name}_away${arguments_} RENAME TO ${name}`) }
  }

  test('an acknowledgement is made again until it is taken, and the log says so', async () => {
    const { queue, errors, got } = await holding(2)
    const away = [await without('ack'), await without('ack_first')]
    const back = () => Promise.all(away.map((one) => one.back()))
    try {
      await got[0]?.ack()
      const first = got[1]?.ackFirst()
      await eventually(() => expect(errors.length).toBeGreaterThan(3))
      expect(errors[0]).toMatchObject({ reason: expect.stringContaining('does not exist') })
      expect(await rowsOf(queue.name)).toBe(2)
      await back()
      expect(await first).toBe(true)
    } catch (error) {
      await back().catch(() => undefined)
      throw error
    }
    await eventually(async () => expect(await rowsOf(queue.name)).toBe(0))
    expect(got).toHaveLength(2)
  })

  test('what cannot be dead-lettered is not dropped, but comes again', async () => {
    const { queue, got } = await holding(1, {
      'x-dead-letter-exchange': '',
      'x-dead-letter-routing-key': 'celery',
    })
    const { back } = await without('publish')
    try {
      await got[0]?.discard()
    } finally {
      await back()
    }
    const { rows } = await admin.query(
      'SELECT not_before > now() AS parked FROM celery.messages WHERE queue = $1',
      [queue.name],
    )
    expect(rows).toEqual([{ parked: true }])
  })

  test('a delay is refused, and the message can be settled otherwise', async () => {
    const { queue, got } = await holding(1)
    const { back } = await without('park')
    try {
      await expect(got[0]?.delay(new Date())).rejects.toMatchObject({ code: 'UNSUPPORTED' })
    } finally {
      await back()
    }
    await got[0]?.requeue()
    await eventually(() => expect(got).toHaveLength(2))
    await got[1]?.ack()
    await eventually(async () => expect(await rowsOf(queue.name)).toBe(0))
  })

  test('a delay with a time or headers that nobody can keep takes no other along', async () => {
    const { queue, got } = await holding(4)
    const never = new Date(Number.NaN)
    const delays = got.map((delivery, n) =>
      delivery.delay(n === 1 ? never : new Date(), n === 2 ? { odd: Symbol('odd') } : undefined),
    )
    const outcomes = await Promise.allSettled(delays)
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled'])
    for (const outcome of outcomes.slice(1, 3))
      expect(outcome).toMatchObject({ reason: { code: 'BAD_VALUE' } })
    for (const n of [1, 2]) await got[n]?.requeue()
    await eventually(() => expect(got).toHaveLength(8))
    for (const delivery of got) await delivery.ack()
    await eventually(async () => expect(await rowsOf(queue.name)).toBe(0))
  })
})

test('what PostgreSQL refuses is refused alone', async () => {
  const queue = { ...newQueue(), exchange: { name: randomUUID(), type: 'fanout' } as const }
  const broker = await openBroker()
  await broker.declare(queue)
  const publish = (routingKey: string) =>
    broker.publish(messageOf(routingKey), { exchange: queue.exchange.name, routingKey })
  const outcomes = await Promise.allSettled(['good', 'bad\0', 'better', 'worse\0', '"best"\\'].map(publish))
  expect(outcomes.map(({ status }) => status)).toEqual([
    'fulfilled',
    'rejected',
    'fulfilled',
    'rejected',
    'fulfilled',
  ])
  expect(outcomes[1]).toMatchObject({ reason: { code: 'BAD_VALUE' } })
  expect(await broker.depth(queue.name)).toMatchObject({ messages: 3 })
})

test('a row that somebody wrote by hand is delivered, for the worker to refuse', async () => {
  const queue = newQueue()
  const broker = await openBroker()
  await broker.declare(queue)
  await admin.query(
    `INSERT INTO celery.messages (queue, rank, exchange, routing_key, headers, properties, body)
     VALUES ($1, 0, '', $1, 'no JSON', '[]', 'x')`,
    [queue.name],
  )
  const got: Delivery[] = []
  await broker.consume(queue, { prefetch: 1, onDelivery: (delivery) => got.push(delivery) })
  await eventually(() => expect(got).toHaveLength(1))
  expect(got[0]?.message.headers).toEqual({})
  expect(got[0]?.message.properties).toEqual({
    contentType: 'application/octet-stream',
    contentEncoding: 'binary',
  })
  await got[0]?.ack()
})
