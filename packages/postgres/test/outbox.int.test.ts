import { currentContext, withContext } from '@colophon/runtime'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  createOutbox,
  dropParked,
  outboxStats,
  parkedMessages,
  raw,
  replayAllParked,
  replayParked,
  sql,
} from '../src/index.ts'
import { createTestDatabase, type TestDatabase } from '../testing/index.ts'
import { cutRelay, fakeBroker, fakeLog, newOutbox, until } from './support/outbox.ts'

let fixture: TestDatabase

beforeAll(async () => {
  fixture = await createTestDatabase()
})
afterAll(() => fixture.drop())

/** Fails for rows with these payloads. */
const refusing =
  (...payloads: unknown[]) =>
  (row: { payload: unknown }) =>
    payloads.includes(row.payload) ? new Error(`no ${row.payload}`) : undefined

test('what was added is published in order and gone, with its trace; what was rolled back is not', async () => {
  const { outbox, database, relay, states } = await setUp()
  const broker = fakeBroker()
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
  await withContext({ requestId: 'one', traceparent }, () =>
    database.transaction(async (tx) => {
      await outbox.add(tx, [])
      await outbox.add(tx, [
        { key: 'order 1', topic: 'task', payload: { task: 'charge', list: ['"', null] } },
        { key: 'order 1', topic: 'mail', payload: null, headers: { kind: 'receipt' } },
      ])
    }),
  )
  const undone = database.transaction(async (tx) => {
    await outbox.add(tx, [{ key: 'order 1', topic: 'task', payload: 'undone' }])
    throw new Error('changed my mind')
  })
  await expect(undone).rejects.toThrow('changed my mind')
  await relay(broker).settle()
  const [first, second] = broker.rows
  expect(first).toEqual({
    key: 'order 1',
    topic: 'task',
    payload: { task: 'charge', list: ['"', null] },
    headers: { traceparent },
    sequence: expect.any(Number),
    createdAt: expect.stringMatching(/^\d{4}-.*Z$/),
    attempts: 0,
  })
  expect(second).toMatchObject({ topic: 'mail', payload: null, headers: { traceparent, kind: 'receipt' } })
  expect(second?.sequence).toBeGreaterThan(first?.sequence ?? 0)
  expect(broker.rows).toHaveLength(2)
  expect(await states()).toEqual({})
})

test('publishing runs within the trace of the row, and its own deadline', async () => {
  const { add, outbox, database, relay } = await setUp()
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
  await outbox.add(database, [{ key: 'a', topic: 'task', payload: 1, headers: { traceparent } }])
  await add('b', 2)
  const contexts: unknown[] = []
  await relay({ publish: async () => void contexts.push(currentContext()) }).settle()
  expect(contexts).toEqual([
    expect.objectContaining({ traceparent: expect.stringContaining('0af7651916cd43dd8448eb211c80319c') }),
    expect.objectContaining({ deadline: expect.any(Number) }),
  ])
})

test('10,000 rows of 1,000 keys, one of them with 2,000 more, are drained by two relays, each key in order', async () => {
  const { add, outbox, database, relay, otherPool, states } = await setUp()
  const broker = fakeBroker()
  const rows = Array.from({ length: 10_000 }, (_, n) => ({
    key: `order ${n % 1_000}`,
    topic: 'task',
    payload: n,
  }))
  await add('hot', ...Array.from({ length: 2_000 }, (_, n) => n))
  await outbox.add(database, rows)
  const relays = [relay(broker), relay({ ...broker, database: otherPool() })]
  for (const each of relays) each.start()
  await until(() => broker.rows.length >= 12_000)
  await Promise.all(relays.map((each) => each.settle()))
  expect(broker.rows).toHaveLength(12_000)
  for (const published of Map.groupBy(broker.rows, ({ key }) => key).values()) {
    expect(published).toEqual(published.toSorted((a, b) => a.sequence - b.sequence))
  }
  // The key with the long queue stepped aside.
  const lastOther = broker.rows.findLastIndex(({ key }) => key !== 'hot')
  expect(broker.rows.slice(0, lastOther).filter(({ key }) => key === 'hot').length).toBeLessThan(2_000)
  expect(await states()).toEqual({})
})

test('each key is in the order of commits, with writers and two relays at work and rows that fail', async () => {
  const { schema, outbox, database, relay, otherPool } = await setUp()
  await database.query(
    raw(`create table ${schema}.orders (id int primary key, version int not null default 0)`),
  )
  await database.query(raw(`insert into ${schema}.orders select generate_series(1, 5)`))
  const broker = fakeBroker()
  let calls = 0
  broker.refuse(() => (++calls % 7 === 0 ? new Error('now and then') : undefined))
  const relays = [relay(broker), relay({ ...broker, database: otherPool(), retryMs: () => 1 })]
  for (const each of relays) each.start()
  const write = async (id: number) =>
    database.transaction(async (tx) => {
      const { version } = await tx.one<{ version: number }>(sql`
        update ${raw(schema)}.orders set version = version + 1 where id = ${id} returning version`)
      await outbox.add(tx, [{ key: `order ${id}`, topic: 'task', payload: version }])
    })
  // Fewer than there are connections: on a busy machine nobody is to wait for one for too long.
  const writers = Array.from({ length: 8 }, async (_, writer) => {
    for (let n = 0; n < 50; n++) {
      await write(((writer + n) % 5) + 1)
      outbox.nudge()
    }
  })
  await Promise.all(writers)
  broker.refuse(() => undefined)
  await until(() => broker.rows.length >= 400)
  for (const id of [1, 2, 3, 4, 5]) {
    expect(broker.payloads(`order ${id}`)).toEqual(Array.from({ length: 80 }, (_, n) => n + 1))
  }
})

test('a row that fails holds back its key and no other, and is published when its time has come', async () => {
  const { add, relay, states, place } = await setUp()
  const broker = fakeBroker()
  const log = fakeLog()
  const tried: number[] = []
  broker.refuse(refusing('b2'))
  await add('a', 'a1', 'a2')
  await add('b', 'b1', 'b2', 'b3')
  const it = relay({ ...broker, log, retryMs: (attempts) => tried.push(attempts) * 3_600_000 })
  await it.settle()
  await add('b', 'b4')
  await add('a', 'a3')
  await it.settle()
  expect(broker.payloads('a')).toEqual(['a1', 'a2', 'a3'])
  expect(broker.payloads('b')).toEqual(['b1'])
  expect(await states()).toEqual({ behind: 2, retry: 1 })
  expect(await it.stats()).toEqual({ pending: 1, behind: 2, parked: 0, oldestSeconds: expect.any(Number) })
  expect(log.lines).toEqual([
    expect.objectContaining({
      level: 'warn',
      key: 'b',
      topic: 'task',
      attempts: 1,
      error: 'no b2',
      failed: 1,
    }),
  ])
  broker.refuse(() => undefined)
  await comeDue(place)
  await it.settle()
  expect(broker.payloads('b')).toEqual(['b1', 'b2', 'b3', 'b4'])
  expect(tried).toEqual([1])
  expect(await outboxStats(place)).toEqual({ pending: 0, behind: 0, parked: 0, oldestSeconds: 0 })
})

test('after ten attempts, or at once when no attempt can help, a row is parked with an alarm and without secrets', async () => {
  const { add, relay, place } = await setUp()
  const broker = fakeBroker()
  const log = fakeLog()
  broker.refuse(({ payload }) =>
    payload === 'never'
      ? new TypeError('nobody can\0 read it \ud83d')
      : new Error('to amqp://me:hunter2@broker/ in vain'),
  )
  await add('a', 'never', 'later')
  await add('b', 'ten times')
  const it = relay({
    ...broker,
    log,
    isUnpublishable: (error) => error instanceof TypeError,
    retryMs: () => 0,
  })
  await it.settle()
  const parked = await parkedMessages(place)
  expect(parked).toMatchObject([
    { key: 'a', payload: 'never', attempts: 1, error: 'nobody can\uFFFD read it \uFFFD' },
    { key: 'b', payload: 'ten times', attempts: 10, error: 'to amqp://me:[secret]@broker/ in vain' },
  ])
  expect(log.lines.filter(({ level }) => level === 'error')).toMatchObject(
    parked.map(({ sequence, key, topic, attempts, error }) => ({
      id: sequence,
      key,
      topic,
      attempts,
      error,
    })),
  )
  expect(await parkedMessages(place, { after: parked[0]?.sequence ?? 0, limit: 1 })).toEqual(parked.slice(1))
  expect(await it.stats()).toMatchObject({ pending: 0, behind: 1, parked: 2, oldestSeconds: 0 })
})

test('what is parked is replayed with what waits behind it, one or all, or dropped so that these go on', async () => {
  const { add, relay, place, states } = await setUp()
  const broker = fakeBroker()
  broker.refuse(refusing('a1', 'b1', 'c1'))
  for (const key of ['a', 'b', 'c']) await add(key, `${key}1`, `${key}2`)
  const it = relay({ ...broker, isUnpublishable: () => true })
  await it.settle()
  expect(await states()).toEqual({ behind: 3, parked: 3 })
  const [a = 0, b = 0, c = 0] = (await parkedMessages(place)).map(({ sequence }) => sequence)

  expect(await dropParked(place, a)).toBe(true)
  expect(await dropParked(place, a)).toBe(false)
  await it.settle()
  expect(broker.payloads('a')).toEqual(['a2'])

  // Replayed too early it is parked again.
  expect(await replayParked(place, b)).toBe(true)
  await it.settle()
  expect((await parkedMessages(place)).map(({ sequence }) => sequence)).toEqual([b, c])

  broker.refuse(() => undefined)
  expect(await replayAllParked(place)).toBe(2)
  expect(await replayAllParked(place)).toBe(0)
  expect(await replayParked(place, c)).toBe(false)
  expect(await dropParked(place, c)).toBe(false)
  await it.settle()
  expect(broker.payloads('b')).toEqual(['b1', 'b2'])
  expect(broker.payloads('c')).toEqual(['c1', 'c2'])
  expect(await states()).toEqual({})
})

test('a relay that is cut off between publishing and writing it down publishes again, with the same sequence', async () => {
  const { add, relay, database, states } = await setUp()
  const broker = fakeBroker()
  const log = fakeLog()
  await add('a', 1, 2)
  let cut = 0
  const it = relay({
    log,
    async publish(row) {
      await broker.publish(row)
      if (broker.rows.length === 2) cut = await cutRelay(database)
    },
  })
  await it.settle()
  expect(cut).toBe(1)
  expect(broker.payloads('a')).toEqual([1, 2, 1, 2])
  const sequences = broker.rows.map(({ sequence }) => sequence)
  expect(sequences.slice(2)).toEqual(sequences.slice(0, 2))
  expect(log.lines.map(({ message }) => message)).toEqual(['the outbox has to wait', 'the outbox goes on'])
  expect(await states()).toEqual({})
})

test('a broker that is away counts against no row, which is published as soon as it is back', async () => {
  const { add, relay, states } = await setUp()
  const broker = fakeBroker()
  const log = fakeLog()
  const away = new Error('nobody there')
  await add('a', 1, 2)
  await add('b', 3)
  let calls = 0
  // Ten times would park it, if they counted.
  broker.refuse(() => (++calls <= 12 ? away : undefined))
  await relay({ ...broker, log, keysAtOnce: 1, isUnavailable: (error) => error === away }).settle()
  expect(broker.rows.map(({ payload, attempts }) => [payload, attempts])).toEqual([
    [1, 0],
    [2, 0],
    [3, 0],
  ])
  expect(calls).toBe(12 + 3)
  expect(log.lines).toMatchObject([
    { level: 'warn', reason: 'nobody there' },
    { level: 'info', message: 'the outbox goes on' },
  ])
  expect(await states()).toEqual({})
})

test('a relay sleeps while the broker is away, and a stop ends that at once', async () => {
  const { add, outbox, relay, states } = await setUp()
  await add('a', 1)
  let calls = 0
  const it = relay({
    async publish() {
      calls++
      throw new Error('away')
    },
    isUnavailable: () => true,
    pollMs: 1,
  })
  const start = performance.now()
  it.start()
  await until(() => calls > 0)
  for (let n = 0; n < 10; n++) outbox.nudge()
  await until(() => calls > 1)
  expect(performance.now() - start).toBeGreaterThan(900)
  await it.stop()
  expect(calls).toBe(2)
  expect(performance.now() - start).toBeLessThan(2_900)
  expect(await states()).toEqual({ ready: 1 })
})

test('a nudge wakes a relay of this process at once, and one in another pool by a notification', async () => {
  const { add, place, relay, otherPool, outbox } = await setUp()
  for (const database of [place.database, otherPool()]) {
    const broker = fakeBroker()
    const it = relay({ ...broker, database, pollMs: 3_600_000 })
    it.start()
    // It is asleep once it has published this one, at its start or when it began to listen.
    await add('a', 'first')
    outbox.nudge()
    await until(() => broker.rows.length === 1)
    for (let n = 0; n < 50; n++) {
      await add('a', n)
      outbox.nudge()
    }
    await until(() => broker.rows.length === 51)
    await it.stop()
  }
})

test('a relay that nobody wakes looks by itself', async () => {
  const { add, relay, otherPool, states } = await setUp()
  const broker = fakeBroker()
  relay({ ...broker, database: otherPool(), pollMs: 20 }).start()
  await add('a', 1)
  await until(() => broker.rows.length === 1)
  await add('a', 2)
  await until(() => broker.rows.length === 2)
  await until(async () => Object.keys(await states()).length === 0)
})

test('a stop lets the row that is being published end, and begins no other', async () => {
  const { add, relay, states } = await setUp()
  await add('a', 1, 2)
  const { promise, resolve } = Promise.withResolvers<void>()
  let begun = 0
  const it = relay({
    publish: () => {
      begun++
      return promise
    },
  })
  it.start()
  await until(() => begun === 1)
  const stopped = it.stop()
  resolve()
  await stopped
  expect(begun).toBe(1)
  expect(await states()).toEqual({ ready: 1 })
  await it.settle()
  expect(begun).toBe(1)
})

test('a row whose publishing does not end in time has failed, also one that throws at once', async () => {
  const { add, relay, place } = await setUp()
  await add('a', 'slow')
  await add('b', 'thrown')
  const it = relay({
    publish(row) {
      if (row.key === 'b') throw new Error('thrown')
      return new Promise(() => {})
    },
    publishMs: 20,
    maxAttempts: 1,
  })
  await it.settle()
  expect((await parkedMessages(place)).map(({ error }) => error)).toEqual([
    'not published within 20 ms',
    'thrown',
  ])
})

test('a key with a long queue that is interrupted half way goes on in order', async () => {
  const { add, relay, place } = await setUp()
  const broker = fakeBroker()
  const away = new Error('away')
  let calls = 0
  // In the first batch; in the middle of what stepped aside; and one that fails, twice.
  broker.refuse(() => {
    calls++
    if (calls === 20 || calls === 75) return away
    return calls === 40 || calls === 120 ? new Error('once') : undefined
  })
  await add('hot', ...Array.from({ length: 300 }, (_, n) => n))
  const it = relay({ ...broker, isUnavailable: (error) => error === away, retryMs: () => 3_600_000 })
  await it.settle()
  expect(broker.rows.length).toBeLessThan(300)
  await comeDue(place)
  await it.settle()
  await comeDue(place)
  await it.settle()
  expect(broker.payloads('hot')).toEqual(Array.from({ length: 300 }, (_, n) => n))
})

test('a row that comes late to its key, of a writer who held nothing, is published when the key is free', async () => {
  const { add, outbox, relay, database, place, states } = await setUp()
  const broker = fakeBroker()
  broker.refuse(refusing('bad'))
  const it = relay({ ...broker, isUnpublishable: () => true })
  await database.transaction(async (tx) => {
    await outbox.add(tx, [{ key: 'a', topic: 'task', payload: 'late' }])
    await add('a', 'bad', 'behind')
    await it.settle()
  })
  await it.settle()
  expect(await states()).toEqual({ behind: 1, parked: 1, ready: 1 })
  await dropParked(place, (await parkedMessages(place))[0]?.sequence ?? 0)
  await it.settle()
  expect(broker.payloads('a')).toEqual(['behind', 'late'])
})

test('dropping and replaying while keys are blocked and written to leaves nothing behind for ever', async () => {
  const { add, outbox, relay, place, states } = await setUp()
  const broker = fakeBroker()
  broker.refuse(({ payload }) => (payload === 'bad' ? new Error('bad') : undefined))
  const it = relay({ ...broker, isUnpublishable: () => true })
  it.start()
  let replays = 0
  await Promise.all(
    ['a', 'b', 'c', 'd'].map(async (key) => {
      for (let n = 0; n < 25; n++) {
        await add(key, 'bad', `${key}${n}`)
        outbox.nudge()
        let parked = await parkedMessages(place)
        await until(async () => {
          parked = (await parkedMessages(place)).filter((message) => message.key === key)
          return parked.length > 0
        })
        const { sequence = 0 } = parked[0] ?? {}
        if (n % 3 === 0) replays += (await replayParked(place, sequence)) ? 1 : 0
        await until(() => dropParked(place, sequence))
      }
    }),
  )
  await it.settle()
  expect(replays).toBeGreaterThan(0)
  expect(await states()).toEqual({})
  for (const key of ['a', 'b', 'c', 'd']) {
    expect(broker.payloads(key)).toEqual(Array.from({ length: 25 }, (_, n) => `${key}${n}`))
  }
})

test('with 100,000 rows parked, waiting and behind, a batch and the figures are quick', async () => {
  const { add, relay, place, schema } = await setUp()
  await place.database.query(
    raw(`
    insert into ${schema}.outbox (key, topic, payload, state, parked_at, retry_at)
    select case when n < 50000 then 'k' || n else 'hot' end, 'task', '0', case when n < 25000 then 'parked'
      when n < 50000 or n = 50001 then 'retry' else 'behind' end,
      case when n < 25000 then now() end, case when n >= 25000 and n < 50000 or n = 50001 then now() + interval '1 hour' end
    from generate_series(0, 99999) as n where n <> 50000`),
  )
  await add('hot', 'waits')
  await add('new', 'goes')
  const broker = fakeBroker()
  const it = relay(broker)
  const start = performance.now()
  await it.settle()
  const stats = await it.stats()
  expect(performance.now() - start).toBeLessThan(1_000)
  expect(broker.rows.map(({ payload }) => payload)).toEqual(['goes'])
  expect(stats).toMatchObject({ pending: 25_001, parked: 25_000, behind: 49_999 })
})

test('a name that is none of a schema is refused', () => {
  expect(() => createOutbox({ ...fixture, schema: 'shop; drop' })).toThrow(
    'shop; drop is no name for a schema',
  )
})

async function setUp() {
  const it = await newOutbox(fixture)
  return {
    schema: it.schema,
    place: it.place,
    database: it.database,
    outbox: it.outbox,
    add: it.add.bind(it),
    relay: it.relay.bind(it),
    otherPool: it.otherPool.bind(it),
    states: it.states.bind(it),
  }
}

/** Has all that failed tried again now. */
async function comeDue({ database, schema }: { database: TestDatabase['database']; schema: string }) {
  await database.query(raw(`update ${schema}.outbox set retry_at = now() where state = 'retry'`))
}
