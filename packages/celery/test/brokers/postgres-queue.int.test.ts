import { randomBytes, randomUUID } from 'node:crypto'
import { createTestDatabase, type TestDatabase } from '@colophon/postgres/testing'
import type pg from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import type { DeadLetter } from '../../src/brokers/dead-letter-store.ts'
import type { Broker, Delivery } from '../../src/brokers/port.ts'
import { createPostgresBroker, type PostgresBrokerOptions } from '../../src/brokers/postgres/index.ts'
import { noLog } from '../../src/log.ts'
import { Opening } from '../../src/postgres/opening.ts'
import { poolOf, urlOf } from '../postgres/support/places.ts'

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

async function openBroker(options: PostgresBrokerOptions = {}) {
  const broker = createPostgresBroker(urlOf(database), options)
  brokers.push(broker)
  await broker.open()
  return broker
}

function messageOf(id: string, priority = 0) {
  return {
    headers: { id },
    properties: { contentType: 'application/json', contentEncoding: 'utf-8', priority },
    body: Buffer.from('[]'),
  }
}

const newQueue = () => ({ name: `queue-${randomUUID()}` })
const idOf = ({ message }: Delivery) => message.headers.id as string
const eventually = <T>(check: () => T) => vi.waitFor(check, { timeout: 15_000, interval: 10 })

describe('a deep queue', () => {
  const fill = (queue: string) =>
    admin.query(
      `INSERT INTO celery.messages (queue, rank, exchange, routing_key, headers, properties, body)
       SELECT $1, 0, '', $1, '{}', '{}', '' FROM generate_series(1, 100000)`,
      [queue],
    )

  test('is taken from by the index alone, also by a plan that was made while it was empty', async () => {
    const queue = newQueue()
    await (await openBroker()).declare(queue)
    const client = await admin.connect()
    const take = () =>
      client.query('SELECT id FROM celery.take($1, 1, 100, (-32768)::smallint, 0) ORDER BY id', [queue.name])
    try {
      await client.query('ANALYZE celery.messages')
      for (let planned = 0; planned < 10; planned++) expect((await take()).rows).toEqual([])
      await fill(queue.name)
      await client.query('BEGIN')
      expect((await take()).rows).toHaveLength(100)
      const { rows } = await client.query(
        `SELECT seq_scan::int, seq_tup_read::int, idx_tup_fetch::int FROM pg_stat_xact_user_tables
         WHERE relid = 'celery.messages'::regclass`,
      )
      await client.query('ROLLBACK')
      expect(rows[0]).toMatchObject({ seq_scan: 0, seq_tup_read: 0 })
      expect(rows[0].idx_tup_fetch).toBeLessThan(1_000)
    } finally {
      client.release()
    }
  })

  test('needs no sorting, and only reads what it takes', async () => {
    await fill('deep')
    await admin.query('ANALYZE celery.messages')
    const { rows } = await admin.query(`EXPLAIN SELECT ctid FROM celery.messages
      WHERE queue = 'deep' AND holder IS NULL AND not_before IS NULL AND (rank, id) > (-32768, 0)
      ORDER BY queue, rank, id LIMIT 100 FOR UPDATE SKIP LOCKED`)
    const plan = rows.map((row) => row['QUERY PLAN']).join('\n')
    expect(plan).toMatch(/Index Scan using messages_waiting/)
    expect(plan).toMatch(/Index Cond: .*queue.* AND .*ROW\(rank, id\) > /)
    expect(plan).not.toMatch(/Sort|Seq Scan/)
  })
})

test('what is of a higher priority overtakes a long queue that is being worked on', async () => {
  const queue = newQueue()
  const broker = await openBroker()
  await broker.declare(queue)
  const publish = (id: string, priority?: number) =>
    broker.publish(messageOf(id, priority), { exchange: '', routingKey: queue.name })
  await Promise.all(Array.from({ length: 2_000 }, (_, index) => publish(`low ${index}`)))
  const got: string[] = []
  const onDelivery = (delivery: Delivery) => {
    got.push(idOf(delivery))
    if (got.length === 200) void publish('high', 9)
    setTimeout(() => void delivery.ack(), 1)
  }
  const consumption = await broker.consume(queue, { prefetch: 10, onDelivery })
  await eventually(() => expect(got).toContain('high'))
  await consumption.cancel()
  expect(got.length).toBeLessThan(2_000)
  const low = got.filter((id) => id !== 'high')
  expect(low).toEqual(low.map((_, index) => `low ${index}`))
})

test('who is idle is notified; with nobody idle, nobody is', async () => {
  const queue = newQueue()
  const broker = await openBroker()
  await broker.declare(queue)
  const ear = await admin.connect()
  const heard: (string | undefined)[] = []
  ear.on('notification', ({ payload }) => heard.push(payload))
  try {
    await ear.query('LISTEN celery_wake')
    const publish = async (end: string) => {
      await broker.publish(messageOf('a'), { exchange: '', routingKey: queue.name })
      // Comes after all that was sent before it.
      await admin.query('SELECT pg_notify($1, $2)', ['celery_wake', end])
      await eventually(() => expect(heard).toContain(end))
    }
    await publish('first')
    expect(heard).toEqual(['first'])
    const onDelivery = (delivery: Delivery) => void delivery.ack()
    await broker.consume(queue, { prefetch: 1, onDelivery })
    const isWaiting = async () =>
      (await admin.query('SELECT FROM celery.waiting WHERE queue = $1', [queue.name])).rows.length > 0
    await eventually(async () => expect(await isWaiting()).toBe(true))
    await publish('second')
    expect(heard).toEqual(['first', queue.name, 'second'])
  } finally {
    ear.release(true)
  }
})

test('what is too large for a notification is cast all the same, and the same twice comes twice', async () => {
  const [one, other] = [await openBroker(), await openBroker()]
  const exchange = { name: randomUUID(), type: 'fanout' } as const
  const bodies: string[] = []
  const onMessage = ({ body }: { body: Buffer }) => bodies.push(body.toString())
  await other.listen({ exchange, routingKey: '', queue: randomUUID(), onMessage })
  const sent = ['€'.repeat(20_000), 'same', 'same', 'a'.repeat(7_900)]
  const casts = sent.map((body) =>
    one.cast({ ...messageOf('x'), body: Buffer.from(body) }, { exchange, routingKey: '' }),
  )
  await Promise.all(casts)
  await eventually(() => expect(bodies.toSorted()).toEqual(sent.toSorted()))
})

test('one message goes to every queue of a topic exchange whose pattern fits', async () => {
  const exchange = { name: randomUUID(), type: 'topic' } as const
  const [books, all] = [
    { ...newQueue(), exchange, routingKey: 'books.*' },
    { ...newQueue(), exchange, routingKey: '#' },
  ]
  const [broker, other] = [await openBroker(), await openBroker()]
  await broker.declare(books)
  await broker.declare(all)
  await other.publish(messageOf('a'), { exchange: exchange.name, routingKey: 'books.new' })
  await other.publish(messageOf('b'), { exchange: exchange.name, routingKey: 'authors' })
  expect(await broker.depth(books.name)).toEqual({ messages: 1, consumers: 0 })
  expect(await broker.depth(all.name)).toEqual({ messages: 2, consumers: 0 })
})

test('what is discarded goes to the dead-letter exchange of its queue', async () => {
  const broker = await openBroker()
  const dead = newQueue()
  const queue = {
    ...newQueue(),
    arguments: { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': dead.name },
  }
  await broker.declare(dead)
  const consumption = await broker.consume(queue, {
    prefetch: 1,
    onDelivery: (delivery) => void delivery.discard(),
  })
  expect(await broker.depth(queue.name)).toEqual({ messages: 0, consumers: 1 })
  await broker.publish(messageOf('a'), { exchange: '', routingKey: queue.name })
  await eventually(async () => expect(await broker.depth(dead.name)).toMatchObject({ messages: 1 }))
  await consumption.cancel()
  expect(await broker.depth(queue.name)).toEqual({ messages: 0, consumers: 0 })
})

test.each([
  ['with U+0000', 'no\0task'],
  ['longer than an entry of an index', randomBytes(4_000).toString('hex')],
])('a dead letter of a task with a name %s is kept and found', async (_, task) => {
  const { deadLetters } = await openBroker()
  const letter: DeadLetter = {
    id: randomUUID(),
    reason: 'unknown_task',
    taskId: 'an\0id',
    task,
    queue: 'celery',
    exchange: '',
    routingKey: 'celery',
    diedAt: '2026-03-01T12:00:00.000Z',
    worker: 'celery@host',
    error: { type: 'NotRegistered', message: task, traceback: undefined },
    history: [],
    message: messageOf('an\0id'),
  }
  await deadLetters.add(letter)
  expect((await deadLetters.list({ task })).letters).toEqual([letter])
  expect(await deadLetters.get('an\0id')).toBeUndefined()
  expect(await deadLetters.remove([letter.id, 'an\0id'])).toBe(1)
})

test('what PostgreSQL refuses for its value is told so, and not tried again', async () => {
  const broker = await openBroker()
  await expect(broker.declare({ name: 'a\0b' })).rejects.toMatchObject({ code: 'BAD_VALUE' })
})

describe('a table that is gone', () => {
  const renamed = async (table: string, work: () => Promise<unknown>) => {
    await admin.query(`ALTER TABLE celery.${table} RENAME TO ${table}_gone`)
    try {
      await work()
    } finally {
      await admin.query(`ALTER TABLE celery.${table}_gone RENAME TO ${table}`)
    }
  }

  test('is told as an error by who takes messages, and work goes on when it is back', async () => {
    const errors: object[] = []
    const broker = await openBroker({ log: { ...noLog, error: (fields) => errors.push(fields) } })
    const [queue, got] = [newQueue(), new Set<string>()]
    const onDelivery = (delivery: Delivery) => {
      got.add(idOf(delivery))
      void delivery.ack()
    }
    await broker.consume(queue, { prefetch: 1, onDelivery })
    await renamed('messages', () =>
      eventually(() =>
        expect(errors).toContainEqual({
          queue: queue.name,
          reason: expect.stringContaining('does not exist'),
        }),
      ),
    )
    await broker.publish(messageOf('a'), { exchange: '', routingKey: queue.name })
    await eventually(() => expect(got).toEqual(new Set(['a'])))
  })

  test('does not keep a lease alive whose consumer was cancelled meanwhile', async () => {
    const broker = await openBroker({ leaseTimeout: 1 })
    const queue = newQueue()
    const consumption = await broker.consume(queue, { prefetch: 1, onDelivery: () => undefined })
    const { rows } = await admin.query('SELECT id FROM celery.holders WHERE queue = $1', [queue.name])
    await renamed('holders', () =>
      expect(consumption.cancel()).rejects.toMatchObject({ code: 'UNSUPPORTED' }),
    )
    const isOver = 'SELECT lease_until < clock_timestamp() AS over FROM celery.holders WHERE id = $1'
    await eventually(async () => expect((await admin.query(isOver, [rows[0].id])).rows[0].over).toBe(true))
  })
})

test('headers that JSON has no form for come as they were sent, and can be sent on', async () => {
  const [broker, queue, got] = [await openBroker(), newQueue(), [] as Delivery[]]
  await broker.consume(queue, { prefetch: 1, onDelivery: (delivery) => got.push(delivery) })
  const headers = { at: new Date('2026-03-01T12:00:00Z'), ratio: Number.NaN, count: 2n ** 64n }
  await broker.publish({ ...messageOf('a'), headers }, { exchange: '', routingKey: queue.name })
  await eventually(() => expect(got).toHaveLength(1))
  expect(got[0]?.message.headers).toEqual(headers)
  await got[0]?.delay(new Date(), { ...got[0].message.headers, task_losses: 1 })
  await eventually(() => expect(got).toHaveLength(2))
  expect(got[1]?.message.headers).toEqual({ ...headers, task_losses: 1 })
})

test('an opening that was given up and fails later leaves the next one open', async () => {
  const first = Promise.withResolvers<{ open(): Promise<void>; close(): Promise<void> }>()
  const done = async () => undefined
  const second = { open: done, close: done }
  const made = [first.promise, Promise.resolve(second)]
  const create = () => made.shift() ?? first.promise
  const opening = new Opening({ what: 'broker', code: 'BROKER_UNAVAILABLE', create })
  const failed = opening.open()
  const closed = opening.close()
  await opening.open()
  first.reject(new Error('too late'))
  await expect(failed).rejects.toThrow('too late')
  await closed
  expect(await opening.get()).toBe(second)
})

test('options and URLs that make no sense are refused, and no password is shown', async () => {
  for (const options of [
    { leaseTimeout: 0.5 },
    { leaseTimeout: Number.NaN },
    { maxConnections: 1 },
    { schema: 'Ä' },
  ])
    expect(() => createPostgresBroker(urlOf(database), options)).toThrow(
      expect.objectContaining({ code: 'BAD_OPTION' }),
    )
  expect(() => createPostgresBroker('postgres:secret')).not.toThrow(/secret/)
  const closed = createPostgresBroker('postgres://user:secret@127.0.0.1:1/shop')
  const error = await closed.open().catch((reason: Error) => reason)
  expect(error).toMatchObject({ code: 'BROKER_UNAVAILABLE' })
  expect(String(error)).not.toMatch(/secret/)
  expect(closed.describe()).toEqual({
    transport: 'postgres',
    hostname: '127.0.0.1',
    port: 1,
    userid: 'user',
    virtual_host: 'shop',
    ssl: false,
  })
})
