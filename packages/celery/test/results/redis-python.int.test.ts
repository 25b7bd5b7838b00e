import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Broker } from '../../src/brokers/port.ts'
import { createRedisBroker } from '../../src/brokers/redis/index.ts'
import type { ChordPart, ResultStore } from '../../src/results/port.ts'
import { createRedisResults } from '../../src/results/redis/index.ts'
import { inboxOf } from '../../testing/broker-contract/suite.ts'
import { leftOut, servers } from '../../testing/servers.ts'
import { plainClient, removeKeys } from '../redis/keys.ts'
import { PythonPeer } from '../redis/python-peer.ts'

const { redis: url = '', python = '' } = servers
if (url === '') leftOut('results in Redis beside Celery', 'TEST_REDIS_URL')
if (python === '') leftOut('results in Redis beside Celery', 'TEST_CELERY_PYTHON')

describe.skipIf(url === '' || python === '')('results in Redis beside Celery', () => {
  const prefix = `t-${randomUUID()}:`
  const stores: ResultStore[] = []
  let peer: PythonPeer

  beforeAll(() => {
    peer = new PythonPeer(python, url, prefix)
  })
  afterEach(() => Promise.all(stores.splice(0).map((store) => store.close())))
  afterAll(async () => {
    await peer.kill()
    await removeKeys(url, prefix)
  })

  async function openStore(): Promise<ResultStore> {
    const store = createRedisResults(url, { globalKeyPrefix: prefix })
    stores.push(store)
    await store.open()
    return store
  }

  const done = { traceback: null, children: [], date_done: '2026-03-01T10:00:00+00:00' }
  const partOf = (index: number, result: unknown): ChordPart => ({
    taskId: randomUUID(),
    index,
    state: 'SUCCESS',
    result,
  })

  test('what Python stores is told and read here', async () => {
    const [store, id] = [await openStore(), randomUUID()]
    const told = Promise.withResolvers<unknown>()
    const watching = await store.watch([id], (meta) => told.resolve(meta.result))
    await peer.ask('store', { id, result: { sum: 3, list: [1, null] }, state: 'SUCCESS' })
    expect(await told.promise).toEqual({ sum: 3, list: [1, null] })
    expect(await store.get([id])).toMatchObject([{ task_id: id, status: 'SUCCESS' }])
    await watching.stop()
  })

  test('what is stored here is read by Python, errors as exceptions', async () => {
    const [store, good, bad] = [await openStore(), randomUUID(), randomUUID()]
    await store.store({ task_id: good, status: 'SUCCESS', result: { n: 2n ** 70n }, ...done })
    const failure = { exc_type: 'ValueError', exc_message: ['no', 7], exc_module: 'builtins' }
    await store.store({ task_id: bad, status: 'FAILURE', result: failure, ...done })
    expect(await peer.ask('meta', { id: good })).toMatchObject({
      status: 'SUCCESS',
      result: "{'n': 1180591620717411303424}",
    })
    expect(await peer.ask('meta', { id: bad })).toMatchObject({
      status: 'FAILURE',
      result: "ValueError('no', 7)",
    })
  })

  test('SUCCESS is final, whoever stored it', async () => {
    const [store, theirs, ours] = [await openStore(), randomUUID(), randomUUID()]
    await peer.ask('store', { id: theirs, result: 1, state: 'SUCCESS' })
    await store.store({ task_id: theirs, status: 'STARTED', result: null, ...done })
    await store.store({ task_id: ours, status: 'SUCCESS', result: 2, ...done })
    await peer.ask('store', { id: ours, result: 3, state: 'SUCCESS' })
    expect((await store.get([theirs, ours])).map((meta) => meta?.result)).toEqual([1, 2])
  })

  test('a result that says SUCCESS within is not taken for one', async () => {
    const [store, id] = [await openStore(), randomUUID()]
    await store.store({ task_id: id, status: 'PROGRESS', result: { status: 'SUCCESS' }, ...done })
    await store.store({ task_id: id, status: 'SUCCESS', result: 'end', ...done })
    expect(await store.get([id])).toMatchObject([{ status: 'SUCCESS', result: 'end' }])
  })

  test('a chord whose last part is handed in here, with parts of Python before it', async () => {
    const [store, group] = [await openStore(), randomUUID()]
    await peer.ask('chord_size', { group, size: 3 })
    const part = partOf(0, 'ours')
    const theirs = (index: number, result: unknown) =>
      peer.ask('chord_part', {
        id: `${group}-${index}`,
        group,
        index,
        queue: 'none',
        state: 'SUCCESS',
        result,
      })
    await theirs(2, { n: 3 })
    expect(await store.addChordPart(group, partOf(1, 'middle'))).toBeUndefined()
    const parts = await store.addChordPart(group, part)
    expect(parts?.map(({ index, result }) => [index, result])).toEqual([
      [0, 'ours'],
      [1, 'middle'],
      [2, { n: 3 }],
    ])
    await store.forgetChord(group)
    expect(await store.addChordPart(group, part)).toBeUndefined()
  })

  test('a chord whose last part Python hands in, with parts of here before it', async () => {
    const [store, group, queue] = [await openStore(), randomUUID(), { name: `q-${randomUUID()}` }]
    await store.setChordSize(group, 1)
    await store.growChord(group, 2)
    expect(await store.addChordPart(group, partOf(1, 20))).toBeUndefined()
    expect(await store.addChordPart(group, partOf(0, 10))).toBeUndefined()
    await peer.ask('chord_part', {
      id: 'last',
      group,
      index: 2,
      queue: queue.name,
      state: 'SUCCESS',
      result: 30,
    })
    const broker: Broker = createRedisBroker(url, { globalKeyPrefix: prefix })
    await broker.open()
    const delivery = await (await inboxOf(broker, queue)).next()
    expect(delivery.message.headers.task).toBe('peer.sum')
    expect(JSON.parse(delivery.message.body.toString())[0]).toEqual([[10, 20, 30]])
    await delivery.ack()
    await broker.close()
    // Python has completed it: a part that comes again does not.
    expect(await store.addChordPart(group, partOf(0, 10))).toBeUndefined()
  })

  test('a chord that a Python worker is about to complete is left to it', async () => {
    const [store, group] = [await openStore(), randomUUID()]
    const redis = plainClient(url)
    await redis.connect()
    await store.setChordSize(group, 1)
    await redis.set(`${prefix}celery-taskset-meta-${group}.c`, randomUUID(), 'EX', 30)
    expect(await store.addChordPart(group, partOf(0, 1))).toBeUndefined()
    redis.disconnect()
  })

  test('a chord that is published anew is open again', async () => {
    const [store, group] = [await openStore(), randomUUID()]
    const part = partOf(0, 1)
    await store.setChordSize(group, 1)
    expect(await store.addChordPart(group, part)).toEqual([part])
    await store.forgetChord(group)
    expect(await store.addChordPart(group, part)).toBeUndefined()
    await store.setChordSize(group, 1)
    expect(await store.addChordPart(group, part)).toEqual([part])
  })

  test('a result that Python compressed is read, and told', async () => {
    const [store, id] = [await openStore(), randomUUID()]
    const told = Promise.withResolvers<unknown>()
    const watching = await store.watch([id], (meta) => told.resolve(meta.result))
    const result = 'x'.repeat(5_000)
    await peer.ask('store_compressed', { id, result, state: 'SUCCESS' })
    expect(await told.promise).toBe(result)
    expect((await store.get([id]))[0]?.result).toBe(result)
    await watching.stop()
  })
})
