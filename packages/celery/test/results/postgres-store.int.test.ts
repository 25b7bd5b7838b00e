import { randomBytes, randomUUID } from 'node:crypto'
import { createTestDatabase, type TestDatabase } from '@colophon/postgres/testing'
import type pg from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { noLog } from '../../src/log.ts'
import { Database } from '../../src/postgres/database.ts'
import type { SqlConnection, SqlPool } from '../../src/postgres/pool.ts'
import type { ResultStore, TaskMeta } from '../../src/results/port.ts'
import { Expiry } from '../../src/results/postgres/expiry.ts'
import { createPostgresResults, type PostgresResultsOptions } from '../../src/results/postgres/index.ts'
import { forgetfulPool, poolOf, urlOf } from '../postgres/support/places.ts'

let database: TestDatabase
let admin: pg.Pool
const stores: ResultStore[] = []

beforeAll(async () => {
  database = await createTestDatabase()
  admin = poolOf(database, 3)
})
afterEach(() => Promise.all(stores.splice(0).map((store) => store.close())))
afterAll(async () => {
  await admin.end()
  await database.drop()
})

async function openStore(options: PostgresResultsOptions = {}, source: string | SqlPool = urlOf(database)) {
  const store = createPostgresResults(source, options)
  stores.push(store)
  await store.open()
  return store
}

const metaOf = (taskId: string, status = 'SUCCESS', result: unknown = 1): TaskMeta => ({
  task_id: taskId,
  status,
  result,
  traceback: null,
  children: [],
  date_done: null,
})
const eventually = <T>(check: () => T) => vi.waitFor(check, { timeout: 15_000, interval: 10 })
const countOf = async (table: string) =>
  (await admin.query(`SELECT count(*)::int AS count FROM celery.${table}`)).rows[0].count

describe('watching', () => {
  test('what came too late for a task that succeeded is not told', async () => {
    const [writer, reader] = [await openStore(), await openStore()]
    const [id, last] = [randomUUID(), randomUUID()]
    const told: [string, string][] = []
    const watch = await reader.watch([id, last], ({ task_id, status }) => told.push([task_id, status]))
    await writer.store(metaOf(id))
    await writer.store(metaOf(id, 'FAILURE', { exc_type: 'E', exc_message: [], exc_module: null }))
    await writer.store(metaOf(last))
    await eventually(() => expect(told.at(-1)).toEqual([last, 'SUCCESS']))
    expect(told).toEqual([
      [id, 'SUCCESS'],
      [last, 'SUCCESS'],
    ])
    await watch.stop()
    expect(await countOf('watches')).toBe(0)
  })

  test('goes on by looking when no notification comes', async () => {
    const pool = poolOf(database)
    const deaf: SqlPool = {
      async connect() {
        const connection = await pool.connect()
        const deafened: SqlConnection = {
          query: (statement) => connection.query(statement),
          on: (event, listener: () => void) =>
            event === 'notification' || connection.on(event as 'error', listener),
          release: (error) => connection.release(error),
        }
        return deafened
      },
    }
    const [writer, reader] = [await openStore(), await openStore({}, deaf)]
    const ids = [randomUUID(), randomUUID()] as const
    const told: [string, string][] = []
    const watch = await reader.watch(ids, ({ task_id, status }) => told.push([task_id, status]))
    for (const [id, status] of [
      [ids[0], 'STARTED'],
      [ids[1], 'SUCCESS'],
      [ids[0], 'SUCCESS'],
    ] as const) {
      await writer.store(metaOf(id, status))
      await eventually(() => expect(told.at(-1)).toEqual([id, status]))
    }
    expect(told).toHaveLength(3)
    await watch.stop()
    await reader.close()
    await pool.end()
  })

  test('one who fails does not keep others from being told', async () => {
    const store = await openStore()
    const id = randomUUID()
    const told: string[] = []
    const failing = await store.watch([id], () => {
      throw new Error('no')
    })
    const watch = await store.watch([id], ({ status }) => told.push(status))
    await store.store(metaOf(id))
    await eventually(() => expect(told).toEqual(['SUCCESS']))
    await Promise.all([failing.stop(), watch.stop()])
  })

  test('with nobody who watches, nobody is notified', async () => {
    const [writer, reader] = [await openStore(), await openStore()]
    const ear = await admin.connect()
    try {
      const heard: string[] = []
      const watched = randomUUID()
      const watch = await reader.watch([watched], () => {})
      const { rows } = await admin.query('SELECT channel FROM celery.watches WHERE task_id = $1', [watched])
      ear.on('notification', ({ payload = '' }) => heard.push(payload.replace(/^\d+ /, '').slice(0, 60)))
      await ear.query(`LISTEN ${rows[0].channel}`)
      await writer.store(metaOf(randomUUID()))
      await writer.store(metaOf(watched))
      await eventually(() => expect(heard).toEqual([JSON.stringify(metaOf(watched)).slice(0, 60)]))
      await watch.stop()
    } finally {
      ear.release(true)
    }
  })
})

test('a start is counted once, though the answer is lost', async () => {
  const source = forgetfulPool(database, /\.starts AS s/)
  const store = await openStore({}, source)
  expect(await store.countStart('lost')).toBe(0)
  expect(source.asked).toBe(2)
  expect(await store.countStart('lost')).toBe(1)
  await store.close()
})

test('what PostgreSQL refuses is refused alone', async () => {
  const store = await openStore()
  const [good, better] = [randomUUID(), randomUUID()]
  const metas = [metaOf(good), metaOf(randomUUID(), 'BAD\0'), metaOf(better)]
  const outcomes = await Promise.allSettled(metas.map((meta) => store.store(meta)))
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  expect(outcomes[1]).toMatchObject({ reason: { code: 'BAD_VALUE' } })
  expect((await store.get([good, better])).map((meta) => meta?.status)).toEqual(['SUCCESS', 'SUCCESS'])
})

test.each([
  ['with U+0000', () => `${randomUUID()}\0`],
  ['longer than an entry of an index', () => randomBytes(4_000).toString('hex')],
])('ids of tasks and groups %s are ids like others', async (_, idOf) => {
  const [store, id, group] = [await openStore(), idOf(), idOf()]
  const told: string[] = []
  const watch = await store.watch([id], ({ task_id }) => told.push(task_id))
  await store.store(metaOf(id))
  await eventually(() => expect(told).toEqual([id]))
  await watch.stop()
  expect(await store.get([id])).toEqual([metaOf(id)])
  expect([await store.countStart(id), await store.countStart(id)]).toEqual([0, 1])
  await store.setChordSize(group, 1)
  const part = { taskId: id, index: 0, state: 'SUCCESS', result: 1 } as const
  expect(await store.addChordPart(group, part)).toHaveLength(1)
  await store.storeGroup(group, [id])
  expect(await store.getGroup(group)).toEqual([id])
  await Promise.all([
    store.forget([id]),
    store.forgetChord(group),
    store.forgetGroup(group),
    store.forgetStarts(id),
  ])
  expect([await store.get([id]), await store.getGroup(group)]).toEqual([[undefined], undefined])
})

test('a table that is gone is told as what it is, at once', async () => {
  const own = await createTestDatabase()
  const store = await openStore({}, urlOf(own))
  const pool = poolOf(own, 1)
  try {
    await pool.query('DROP TABLE celery.starts, celery.chords')
    const refused = { code: 'UNSUPPORTED', message: expect.stringContaining('does not exist') }
    await expect(store.countStart(randomUUID())).rejects.toMatchObject(refused)
    await expect(store.growChord(randomUUID(), 1)).rejects.toMatchObject(refused)
  } finally {
    await pool.end()
    await store.close()
    await own.drop()
  }
})

test('a result that has no form in JSON is refused before it is sent', async () => {
  const store = await openStore()
  await expect(store.store(metaOf(randomUUID(), 'SUCCESS', () => 1))).rejects.toMatchObject({
    code: 'BAD_VALUE',
  })
})

describe('what has expired', () => {
  test('is not found, and a task of the same id begins anew', async () => {
    const [brief, store] = [await openStore({ expires: 0.001 }), await openStore()]
    const [id, group] = [randomUUID(), randomUUID()]
    await brief.store(metaOf(id))
    await brief.storeGroup(group, [])
    await eventually(async () => expect(await store.get([id])).toEqual([undefined]))
    expect(await store.getGroup(group)).toBeUndefined()
    await store.store(metaOf(id, 'STARTED'))
    expect((await store.get([id]))[0]?.status).toBe('STARTED')
  })

  test('is deleted, a little at a time, and nothing else is', async () => {
    const [brief, store] = [await openStore({ expires: 0.001 }), await openStore()]
    const kept = randomUUID()
    await store.store(metaOf(kept))
    await store.setChordSize(kept, 2)
    await store.addChordPart(kept, { taskId: 'a', index: 0, state: 'SUCCESS', result: 1 })
    await Promise.all(Array.from({ length: 2_500 }, () => brief.store(metaOf(randomUUID()))))
    const gone = randomUUID()
    await brief.setChordSize(gone, 2)
    await brief.addChordPart(gone, { taskId: 'a', index: 0, state: 'SUCCESS', result: 1 })
    await brief.storeGroup(gone, [])
    const before = await countOf('results')
    expect(before).toBeGreaterThanOrEqual(2_501)
    await new Expiry(
      new Database({ pool: admin, isOwn: false }, 'RESULTS_UNAVAILABLE'),
      'celery',
      noLog,
    ).run()
    expect(await countOf('results')).toBeLessThanOrEqual(before - 2_500)
    expect([await countOf('groups'), await countOf('chords'), await countOf('chord_parts')]).toEqual([
      0, 1, 1,
    ])
    expect((await store.get([kept]))[0]?.status).toBe('SUCCESS')
  })
})

test('a store that cannot be reached says so in time, and shows no password', async () => {
  const store = createPostgresResults('postgres://user:secret@127.0.0.1:1/shop')
  const error = await store.open().catch((reason: Error) => reason)
  expect(error).toMatchObject({ code: 'RESULTS_UNAVAILABLE' })
  expect(`${error} ${store.describe()}`).not.toMatch(/secret/)
  expect(store.describe()).toBe('postgres://127.0.0.1:1/shop')
})
