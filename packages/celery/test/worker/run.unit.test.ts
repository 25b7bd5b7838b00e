import { expect, test } from 'vitest'
import { z } from 'zod'
import { currentTask } from '../../src/app/current-task.ts'
import { TaskError } from '../../src/errors.ts'
import {
  createApp,
  demandingResults,
  lettersOf,
  metaOf,
  recordEvents,
  startWorker,
  task,
  until,
} from './support.ts'

test('a task runs with its arguments, and its result is kept', async () => {
  const app = createApp()
  const { events, told } = recordEvents()
  const add = task(app, 'tasks.add', ({ x, y }) => Number(x) + Number(y), { params: ['x', 'y'] })
  await startWorker(app, { events })
  const result = await app.send('tasks.add', { args: [1], kwargs: { y: 2 } })
  expect(await result.get()).toBe(3)
  expect(await (await add.send({ x: 5, y: 6 })).get()).toBe(11)
  expect(await metaOf(app, result.id)).toMatchObject({
    status: 'SUCCESS',
    result: 3,
    traceback: null,
    children: [],
  })
  expect(told.slice(0, 4)).toEqual([
    ['online'],
    ['received', result.id],
    ['started', result.id],
    ['succeeded', result.id, 3],
  ])
})

test('a task knows what it is and what it sends is its child', async () => {
  const app = createApp()
  const leaf = task(app, 'leaf', () => currentTask()?.rootId)
  task(app, 'root', async (_input, context) => {
    const { id, name, queue, retries, rootId, parentId, worker, redelivered } = context
    const child = await leaf.send({})
    return { id, name, queue, retries, rootId, parentId, worker, redelivered, child: child.id }
  })
  await startWorker(app, { hostname: 'w1@test' })
  const result = await app.send('root')
  const value = (await result.get()) as { child: string }
  expect(value).toMatchObject({
    id: result.id,
    name: 'root',
    queue: 'celery',
    retries: 0,
    rootId: result.id,
    parentId: null,
    worker: 'w1@test',
    redelivered: false,
  })
  expect((await metaOf(app, result.id))?.children).toEqual([[[value.child, null], null]])
  expect(await app.result(value.child).get()).toBe(result.id)
})

test('an error fails the task with its class, message and traceback', async () => {
  const app = createApp()
  const { events, told } = recordEvents()
  task(app, 'fails', () => {
    throw new RangeError('out of it')
  })
  task(app, 'fails.as', async () => {
    throw new TaskError('NoSuchFeed', { module: 'feeds.errors', args: ['f1', 404] })
  })
  await startWorker(app, { events })
  const first = await app.send('fails')
  await expect(first.get()).rejects.toMatchObject({ type: 'ValueError', message: 'out of it' })
  expect((await metaOf(app, first.id))?.traceback).toContain('run.unit.test.ts')
  const second = await app.send('fails.as')
  await expect(second.get()).rejects.toMatchObject({
    type: 'NoSuchFeed',
    module: 'feeds.errors',
    args: ['f1', 404],
  })
  expect(told).toContainEqual(['failed', second.id, 'NoSuchFeed'])
  expect(await lettersOf(app)).toEqual([])
})

test('arguments that do not fit are a failure, not retried, and a dead letter', async () => {
  const app = createApp()
  let runs = 0
  app.task({
    name: 'typed',
    params: ['x'],
    input: z.object({ x: z.number() }),
    retry: { max: 5, delay: 0 },
    run: ({ x }) => {
      runs += 1
      return x
    },
  })
  await startWorker(app)
  const wrong = await app.send('typed', { args: ['one'] })
  await expect(wrong.get()).rejects.toMatchObject({
    type: 'TypeError',
    message: expect.stringMatching(/typed\(\) argument 'x'/),
  })
  const none = await app.send('typed')
  await expect(none.get()).rejects.toThrow("typed() missing 1 required positional argument: 'x'")
  await until(async () => (await lettersOf(app)).length === 2, 'two dead letters')
  const [letter] = await lettersOf(app)
  expect(letter).toMatchObject({
    reason: 'invalid_arguments',
    taskId: wrong.id,
    task: 'typed',
    queue: 'celery',
  })
  expect(runs).toBe(0)
})

test('a result is checked by the schema, and one that cannot be sent is a failure', async () => {
  const app = createApp({ results: await demandingResults() })
  app.task({
    name: 'checked',
    output: z.object({ n: z.number() }),
    retry: {},
    run: () => ({ n: 'x' }) as never,
  })
  task(app, 'unsendable', () => ({ f: () => 1 }))
  task(app, 'nothing', () => undefined)
  await startWorker(app)
  await expect((await app.send('checked')).get()).rejects.toThrow(/result of checked is not valid/)
  await expect((await app.send('unsendable')).get()).rejects.toMatchObject({
    type: 'EncodeError',
    module: 'kombu.exceptions',
    message: 'Cannot be sent as JSON: result.f is a function',
  })
  expect(await (await app.send('nothing')).get()).toBeNull()
  expect(await lettersOf(app)).toEqual([])
})

test('STARTED, states of its own, and no result where none is wanted', async () => {
  const app = createApp({ extendedResults: true })
  const gate = Promise.withResolvers<void>()
  task(
    app,
    'slow',
    async (_input, { progress }) => {
      await progress({ done: 1 })
      await gate.promise
      return 'ok'
    },
    { trackStarted: true },
  )
  task(app, 'quiet', () => 1, { ignoreResult: true })
  task(app, 'unsendable', async (_input, { progress }) => progress({ of: [() => 1] }))
  await startWorker(app, { hostname: 'w1@test' })
  const states: string[] = []
  const slow = await app.send('slow')
  const watching = await (await app.store()).watch([slow.id], (meta) => states.push(meta.status))
  await until(() => states.includes('PROGRESS'))
  expect(await metaOf(app, slow.id)).toMatchObject({ status: 'PROGRESS', result: { done: 1 } })
  gate.resolve()
  expect(await slow.get()).toBe('ok')
  await watching.stop()
  expect(await metaOf(app, slow.id)).toMatchObject({
    name: 'slow',
    args: [],
    worker: 'w1@test',
    retries: 0,
    queue: 'celery',
  })
  const quiet = await app.send('quiet', {}, { ignoreResult: true })
  expect(await (await app.send('slow')).get()).toBe('ok')
  expect(await metaOf(app, quiet.id)).toBeUndefined()
  await expect((await app.send('unsendable')).get()).rejects.toThrow(
    'Cannot be sent as JSON: meta.of[0] is a function',
  )
})

test('early is acknowledged before it runs, late when its result is kept', async () => {
  const app = createApp()
  const gate = Promise.withResolvers<void>()
  task(app, 'early', () => gate.promise)
  task(app, 'late', () => gate.promise, { ack: 'late' })
  const { surface } = await startWorker(app)
  await app.send('early')
  await app.send('late')
  await until(() => surface.active().length === 2)
  const acknowledged = Object.fromEntries(
    surface.active().map((request) => [request.message.headers.task, request.acknowledged]),
  )
  expect(acknowledged).toEqual({ early: true, late: false })
  gate.resolve()
  await until(() => surface.active().length === 0)
  expect(surface.totals()).toEqual({ early: 1, late: 1 })
})

test('no more run at once than there are slots, and their number can change', async () => {
  const app = createApp()
  let release: (() => void)[] = []
  task(app, 'waits', () => new Promise<void>((resolve) => release.push(resolve)))
  const { surface } = await startWorker(app, { concurrency: 2 })
  expect(surface.prefetch).toBe(8)
  for (let i = 0; i < 10; i++) await app.send('waits')
  await until(() => surface.active().length === 2 && surface.reserved().length >= 5)
  expect(await surface.resize(3)).toBe(5)
  expect(surface.prefetch).toBe(20)
  await until(() => surface.active().length === 5)
  expect(await surface.resize(-9)).toBe(1)
  while (surface.active().length > 0) {
    for (const end of release.splice(0)) end()
    release = []
    await new Promise((resolve) => setImmediate(resolve))
  }
  expect(surface.totals()).toEqual({ waits: 10 })
})

test.each(['early', 'late'] as const)(
  'the next runs while results are being kept, of which there are only so many: acknowledged %s',
  async (ack) => {
    const results = await demandingResults()
    const app = createApp({ results })
    const gate = Promise.withResolvers<void>()
    const { store } = results
    results.store = async (meta) => {
      await gate.promise
      await store(meta)
    }
    let runs = 0
    task(app, 'count', () => ++runs, { ack })
    const worker = await startWorker(app, { concurrency: 1, prefetchMultiplier: 3 })
    for (let i = 0; i < 8; i++) await app.send('count')
    await until(() => runs >= 3, 'three tasks have run')
    await new Promise((resolve) => setTimeout(resolve, 0))
    expect([runs, worker.surface.active().length]).toEqual([3, 0])
    gate.resolve()
    await until(() => runs === 8, 'all have run')
  },
)

test('a task may ignore itself or be replaced by others', async () => {
  const app = createApp()
  task(app, 'ignored', (_input, { ignore }) => ignore())
  task(app, 'add', ({ x, y }) => Number(x) + Number(y), { params: ['x', 'y'] })
  const add = (...args: unknown[]) => ({
    toJSON: () => ({ task: 'add', args, kwargs: {}, options: {}, subtask_type: null, immutable: false }),
  })
  task(app, 'replaced', (_input, { replace }) => replace(add(20, 22)))
  const { events, told } = recordEvents()
  await startWorker(app, { events })
  const ignored = await app.send('ignored')
  const replaced = await app.send('replaced', {}, { link: add(1) })
  expect(await replaced.get()).toBe(42)
  await until(() => told.filter(([type]) => type === 'succeeded').length === 2, 'the link')
  expect(told.find(([type, id]) => type === 'succeeded' && id !== replaced.id)?.[2]).toBe(43)
  expect(await metaOf(app, ignored.id)).toBeUndefined()
})

function createTraced() {
  const app = createApp()
  const leaf = task(app, 'leaf', (_input, { headers }) => headers.traceparent ?? null)
  task(app, 'root', async (_input, { headers }) => {
    const child = await leaf.send({})
    return { own: headers.traceparent ?? null, child: await child.get() }
  })
  return app
}

test('without a tracer a trace goes through the task unchanged, and none is begun', async () => {
  const app = createTraced()
  await startWorker(app)
  const sent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`
  const traced = await app.send('root', {}, { headers: { traceparent: sent } })
  expect(await traced.get()).toEqual({ own: sent, child: sent })
  expect(await (await app.send('root')).get()).toEqual({ own: null, child: null })
})

test('a tracer has a span for the task, which is the parent of what it sends', async () => {
  const app = createTraced()
  const spans: unknown[] = []
  const tracer = {
    begin({
      message,
      traceparent,
      parent,
    }: {
      message: { headers: { task: string } }
      traceparent: string
      parent: string | undefined
    }) {
      return (end: { state: string }) => {
        spans.push([message.headers.task, traceparent, parent, end.state])
      }
    },
  }
  await startWorker(app, { tracer })
  const sent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`
  const result = await app.send('root', {}, { headers: { traceparent: sent } })
  const { own, child } = (await result.get()) as { own: string; child: string }
  expect(own).toMatch(/^00-a{32}-[0-9a-f]{16}-01$/)
  expect(own).not.toBe(sent)
  expect(child).toMatch(/^00-a{32}-/)
  expect(new Set([sent, own, child]).size).toBe(3)
  await until(() => spans.length === 2)
  expect(spans).toEqual([
    ['leaf', child, own, 'SUCCESS'],
    ['root', own, sent, 'SUCCESS'],
  ])
})
