import { expect, onTestFinished, test } from 'vitest'
import type { SendOptions } from '../../src/app/send-options.ts'
import type { TaskOptions } from '../../src/app/task.ts'
import { Decimal } from '../../src/protocol/python-values.ts'
import type { WorkerOptions } from '../../src/worker/options.ts'
import { ThreadPool } from '../../src/worker/threads/pool.ts'
import { createWorker } from '../../src/worker/worker.ts'
import { createThreadApp, unreadable } from './fixtures/thread-app.ts'
import { createApp, depthOf, lettersOf, metaOf, recordLog, startWorker, task, until } from './support.ts'

const module = new URL('./fixtures/thread-app.ts', import.meta.url)

async function setUp(options: WorkerOptions = {}, taskDefaults: TaskOptions = {}) {
  const { log, lines } = recordLog()
  const app = createThreadApp({ log, taskDefaults })
  onTestFinished(() => app.close())
  const worker = await startWorker(app, { module, threads: 2, ...options })
  return { app, worker, lines }
}

test('a task on a thread has its values, its context, progress and log', async () => {
  const { app, lines } = await setUp({ hostname: 'w1@test' })
  const [isMain, thread] = (await (await app.send('where')).get()) as [boolean, number]
  expect(isMain).toBe(false)
  expect(thread).toBeGreaterThan(0)

  const day = new Date('2026-03-01T12:00:00Z')
  const kwargs = { big: 2n ** 60n, day, price: new Decimal('1.50'), bytes: Buffer.from('bytes') }
  const { types, back } = (await (await app.send('values', { kwargs })).get()) as {
    types: unknown
    back: unknown[]
  }
  expect(types).toEqual(['bigint', true, true, true])
  expect(back.slice(0, 2)).toEqual([2n ** 60n + 1n, day])
  expect(String(back[2])).toBe('1.50')
  expect(Buffer.from(back[3] as Uint8Array).toString()).toBe('bytes')

  const seen = await app.send('context', {}, { headers: { tenant: 't1' } })
  expect(await seen.get()).toEqual({
    id: seen.id,
    name: 'context',
    queue: 'celery',
    retries: 0,
    rootId: seen.id,
    worker: 'w1@test',
    tenant: 't1',
    current: seen.id,
  })
  expect(lines).toContainEqual({
    level: 'info',
    fields: { task: 'context', id: seen.id, step: 1 },
    message: 'from the thread',
  })

  const states: string[] = []
  const store = await app.store()
  const id = '22222222-2222-4222-8222-222222222222'
  const watching = await store.watch([id], ({ status, result }) =>
    states.push(`${status} ${JSON.stringify(result)}`),
  )
  await (await app.send('progress', {}, { taskId: id })).get()
  await watching.stop()
  expect(states).toEqual(['HALFWAY {"done":3}', 'SUCCESS "done"'])
})

test('errors, retries and results that cannot be sent are as on the main thread', async () => {
  const { app } = await setUp()
  await expect((await app.send('fails')).get()).rejects.toMatchObject({
    type: 'NoSuchFeed',
    module: 'feeds.errors',
  })
  expect(await (await app.send('flaky', { args: [5] })).get()).toEqual([5, 1])
  await expect((await app.send('unsendable')).get()).rejects.toMatchObject({
    type: 'EncodeError',
    message: 'Cannot be sent as JSON: result.f is a function',
  })
  await expect((await app.send('unsendable progress')).get()).rejects.toThrow(
    'Cannot be sent as JSON: meta.of[0] is a function',
  )
})

test('whatever can be read comes to a thread as it does to the event loop', async () => {
  const { app } = await setUp()
  const tag = { __type__: 'order', __value__: 7 }
  const headers = { lang: 'py', task: 'texts', id: 'odd', tag }
  const properties = { contentType: 'application/json', contentEncoding: 'utf-8' }
  const deep = `${'['.repeat(990)}${']'.repeat(990)}`
  const body = Buffer.from(`[["\\udcff", ${deep}], {}, null]`)
  await (await app.broker()).publish({ headers, properties, body }, { exchange: '', routingKey: 'celery' })
  await until(async () => (await metaOf(app, 'odd'))?.status === 'SUCCESS')
  expect((await metaOf(app, 'odd'))?.result).toEqual([0xdcff, Object.entries(tag)])
})

test('what a task on a thread sends is its child', async () => {
  const { app } = await setUp()
  const result = await app.send('sends')
  const child = await result.get()
  expect((await metaOf(app, result.id))?.children).toEqual([[[child, null], null]])
})

test('a soft time limit aborts the signal, and what ends for it has failed for it', async () => {
  const { app } = await setUp()
  const waits = await app.send('waits', {}, { softTimeLimit: 0.2 })
  await expect(waits.get()).rejects.toMatchObject({
    type: 'SoftTimeLimitExceeded',
    module: 'billiard.exceptions',
  })
  const heeds = await app.send('heeds', {}, { softTimeLimit: 0.2 })
  expect(await heeds.get()).toBe('stopped for SoftTimeLimitExceeded')
})

test('a hard time limit ends the thread, which is replaced; a task of the main thread goes to one for it', async () => {
  const { app, worker } = await setUp({ threads: 1 })
  const spins = await app.send('spins', {}, { timeLimit: 0.3 })
  await expect(spins.get()).rejects.toMatchObject({ type: 'TimeLimitExceeded', args: [0.3] })
  const onMain = await app.send('spins on main', {}, { timeLimit: 0.3 })
  await expect(onMain.get()).rejects.toMatchObject({ type: 'TimeLimitExceeded' })
  expect(await (await app.send('spins on main', { kwargs: { n: 1 } }, { timeLimit: 30 })).get()).toBe(false)
  expect(await (await app.send('on main')).get()).toBe(true)
  await until(() => worker.surface.active().length === 0)
  worker.surface.setTimeLimits('spins', { hard: 0.2, soft: undefined })
  await expect((await app.send('spins')).get()).rejects.toMatchObject({ args: [0.2] })
})

test('what waits and is given a time limit meanwhile waits for a thread, and takes no place of what does not', async () => {
  const { app, worker } = await setUp({ threads: 1, concurrency: 1 })
  const gate = Promise.withResolvers<void>()
  task(app, 'holds', () => gate.promise)
  task(app, 'plain', () => 'ran')
  await app.send('holds')
  for (let i = 0; i < 2; i++) await app.send('spins on main')
  const plain = await app.send('plain')
  await until(() => worker.surface.reserved().length === 3)
  worker.surface.setTimeLimits('spins on main', { hard: 600, soft: undefined })
  gate.resolve()
  expect(await plain.get({ timeout: 10 })).toBe('ran')
  const running = worker.surface.active().map(({ message }) => message.headers.task)
  expect(running).toEqual(['spins on main'])
  expect(worker.surface.reserved().length).toBe(1)
})

test('terminate ends the thread of a task that hears nothing', async () => {
  const { app, worker } = await setUp({ threads: 1 })
  const spins = await app.send('spins')
  await until(() => worker.surface.active().length === 1)
  expect(await worker.surface.revoke([spins.id], { terminate: true, signal: 'TERM' })).toEqual([spins.id])
  await expect(spins.get()).rejects.toMatchObject({ type: 'TaskRevokedError', message: 'terminated' })
  expect(await (await app.send('where')).get()).toEqual([false, expect.any(Number)])
})

test('a task that kills its thread is tried again when it is late, and then is a dead letter', async () => {
  const { app } = await setUp({ maxDeliveries: 2 })
  const result = await app.send('exits')
  await expect(result.get({ timeout: 20 })).rejects.toMatchObject({ type: 'WorkerLostError' })
  await until(async () => (await lettersOf(app)).length === 1)
  const [letter] = await lettersOf(app)
  expect(letter).toMatchObject({
    reason: 'worker_lost',
    taskId: result.id,
    history: [{ event: 'worker_lost', detail: expect.stringMatching(/code: 3/) }],
  })
  expect(letter?.error.message).toMatch(/begun 2 times/)
  expect(await depthOf(app)).toBe(0)
})

test.each([
  ['exits.early', /code: 3/],
  ['fills memory', /memory/],
  ['throws aside', /nobody awaits this/],
])('%s loses its thread alone, and has failed', async (name, why) => {
  const { app } = await setUp({ threadMemory: 32 })
  const result = await app.send(name)
  await expect(result.get()).rejects.toMatchObject({
    type: 'WorkerLostError',
    message: expect.stringMatching(why),
  })
  expect(await (await app.send('where')).get()).toEqual([false, expect.any(Number)])
  expect(await metaOf(app, result.id)).toMatchObject({ status: 'FAILURE' })
})

test('whatever a task throws is its failure, on a thread and on the event loop', async () => {
  const { app, lines } = await setUp()
  for (const name of ['throws', 'throws on main', 'rejects on main']) {
    for (const what of unreadable) {
      const result = await app.send(name, { kwargs: { what } })
      const error: unknown = await result.get().catch((thrown: unknown) => thrown)
      expect(error, `${name}: ${what}`).toMatchObject({ type: 'Exception' })
    }
  }
  expect(lines.filter(({ message }) => /could not be finished|died/.test(message))).toEqual([])
  expect(await lettersOf(app)).toEqual([])
})

test('a cold stop ends threads; what threads cannot load is said at the start', async () => {
  const { app, worker } = await setUp()
  await app.send('spins')
  await until(() => worker.surface.active().length === 1)
  await worker.stop({ mode: 'cold' })
  const missing = createWorker(app, { module: new URL('./no-such-module.ts', import.meta.url) })
  await expect(missing.start()).rejects.toMatchObject({
    code: 'BAD_OPTION',
    message: expect.stringMatching(/cannot load the app/),
  })
  const empty = createWorker(app, { module: import.meta.resolve('../../src/log.ts') })
  await expect(empty.start()).rejects.toThrow(/exports no app/)
  const two = createWorker(app, { module: import.meta.resolve('./fixtures/two-apps.ts') })
  await expect(two.start()).rejects.toThrow(/exports more than one app/)
})

test('a module that never loads is waited for so long, and by no stop', async () => {
  const { log } = recordLog()
  const app = createThreadApp({ log })
  onTestFinished(() => app.close())
  const hanging = import.meta.resolve('./fixtures/hanging.ts')
  const options = { module: hanging, threads: 1, memory: undefined, log, loadWithin: 0.5 }
  const pool = new ThreadPool(options)
  onTestFinished(() => pool.close())
  await expect(pool.check(['where'], new AbortController().signal)).rejects.toMatchObject({
    code: 'BAD_OPTION',
    message: expect.stringMatching(/did not load within 0.5 seconds/),
  })
  const worker = createWorker(app, { module: hanging })
  const starting = worker.start()
  const refused = expect(starting).rejects.toMatchObject({ code: 'CLOSED' })
  await until(() => {
    try {
      return worker.surface !== undefined
    } catch {
      return false
    }
  }, 'the start to be under way')
  await worker.stop()
  await refused
})

test('a map of a task for threads, or of one with a time limit, runs on a thread', async () => {
  const { app } = await setUp()
  const mapped = async (name: string, it: unknown[], options: SendOptions = {}) => {
    const kwargs = { task: app.signature(name).toJSON(), it }
    return await (await app.send('celery.starmap', { kwargs }, options)).get()
  }
  const onThread = [false, expect.any(Number)]
  expect(await mapped('where', [[], []])).toEqual([onThread, onThread])
  expect(await mapped('on main', [[], []])).toEqual([true, true])
  expect(await mapped('on main', [[], []], { timeLimit: 30 })).toEqual([false, false])
  await expect(mapped('spins on main', [[]], { timeLimit: 0.3 })).rejects.toMatchObject({
    type: 'TimeLimitExceeded',
  })
})

test('tasks of Celery that send do so on the main thread, whatever the defaults for tasks are', async () => {
  const { app, lines } = await setUp({}, { runOn: 'thread', timeLimit: 30 })
  const kwargs = { tasks: [app.signature('where').toJSON()], group_id: 'g1', result: null, partial_args: [] }
  const sent = app.resultFrom(await (await app.send('celery.group', { kwargs })).get())
  // What a thread sends goes to the thread's own broker in memory, and never comes here.
  expect(await sent.get()).toEqual([[false, expect.any(Number)]])
  expect(lines.filter(({ level }) => level === 'error')).toEqual([])
})

test('a thread that cannot load the app gives its slot back: the task is lost, not waited for', async () => {
  const { log } = recordLog()
  const app = createApp({ log })
  task(app, 'limited', () => 'never')
  await startWorker(app, { module: import.meta.resolve('../../src/log.ts'), threads: 1 })
  for (let n = 0; n < 3; n++) {
    const result = await app.send('limited', {}, { timeLimit: 30 })
    await expect(result.get({ timeout: 20 })).rejects.toMatchObject({
      type: 'WorkerLostError',
      message: expect.stringMatching(/exports no app/),
    })
  }
})

test.each<[string, TaskOptions, TaskOptions]>([
  ['its own', { timeLimit: 30 }, {}],
  ["the app's", {}, { timeLimit: 30 }],
])('what runs on threads for %s time limit must be on one at the start', async (_, own, taskDefaults) => {
  const app = createApp({ taskDefaults })
  task(app, 'limited', () => 'never', own)
  const worker = createWorker(app, { module, threads: 1 })
  await expect(worker.start()).rejects.toMatchObject({
    code: 'BAD_OPTION',
    message: expect.stringMatching(/thread-app.ts exports does not have limited$/),
  })
})

test('no thread is made for a worker whose tasks need none: without a time limit, or with none by 0', async () => {
  const app = createApp({ taskDefaults: { timeLimit: 30 } })
  task(app, 'unlimited', () => 'ran', { timeLimit: 0 })
  await startWorker(app, { module: import.meta.resolve('./fixtures/hanging.ts'), threads: 1 })
  expect(await (await app.send('unlimited')).get()).toBe('ran')
})

test('without a module a task with a time limit runs on the event loop', async () => {
  const app = createApp()
  task(app, 'limited', () => 'ran', { timeLimit: 30 })
  await startWorker(app)
  expect(await (await app.send('limited')).get()).toBe('ran')
})
