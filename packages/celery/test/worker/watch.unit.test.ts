import { inspect } from 'node:util'
import { Registry } from 'prom-client'
import { expect, test } from 'vitest'
import { CeleryError } from '../../src/errors.ts'
import { prometheusMetrics } from '../../src/worker/metrics.ts'
import { nodeName } from '../../src/worker/options.ts'
import { childTraceparent } from '../../src/worker/trace.ts'
import {
  createApp,
  demandingResults,
  depthOf,
  lettersOf,
  metaOf,
  recordLog,
  startWorker,
  task,
  until,
} from './support.ts'

test('metrics count what runs, by the names that the app knows', async () => {
  const registry = new Registry()
  const app = createApp()
  const gate = Promise.withResolvers<void>()
  task(app, 'good', () => 1)
  task(
    app,
    'bad',
    () => {
      throw new Error('bad')
    },
    { retry: { max: 1, delay: 0 } },
  )
  task(app, 'held', () => gate.promise)
  const { surface } = await startWorker(app, {
    metrics: await prometheusMetrics({ registry }),
    concurrency: 1,
  })
  await (await app.send('good')).get()
  await expect((await app.send('bad')).get()).rejects.toThrow('bad')
  await app.send('made.up.1')
  await app.send('made.up.2')
  await until(async () => (await lettersOf(app)).length === 3)
  for (let i = 0; i < 8; i++) await app.send('held')
  await until(() => surface.reserved().length === 4)
  const text = await registry.metrics()
  expect(text).toContain('celery_worker_tasks_total{task="good",state="SUCCESS"} 1')
  expect(text).toContain('celery_worker_tasks_total{task="bad",state="RETRY"} 1')
  expect(text).toContain('celery_worker_task_retries_total{task="bad"} 1')
  expect(text).toContain('celery_worker_task_failures_total{task="bad"} 1')
  expect(text).toContain('celery_worker_dead_letters_total{task="bad",reason="retries_exhausted"} 1')
  expect(text).toContain('celery_worker_dead_letters_total{task="unknown",reason="unknown_task"} 2')
  expect(text).toContain('celery_worker_task_run_seconds_count{task="good"} 1')
  expect(text).toContain('celery_worker_task_wait_seconds_count{task="bad"} 2')
  expect(text).toContain('celery_worker_active 1')
  expect(text).toContain('celery_worker_reserved 4')
  expect(text).toContain('celery_worker_queue_depth{queue="celery"} 3')
  expect(text).not.toContain('made.up')
  gate.resolve()
})

test('replaced and crashed runs are counted, and of dead letters those that are kept', async () => {
  const registry = new Registry()
  const results = await demandingResults()
  const keep = results.store
  results.store = async (meta) => {
    if (meta.task_id.startsWith('refused')) throw new CeleryError('BAD_VALUE', 'refused by the server')
    await keep(meta)
  }
  const app = createApp({ results })
  const next = app.signature('next', {}, { queue: 'elsewhere' })
  task(app, 'replaced', (_input, { replace }) => replace(next))
  task(app, 'early', () => 1)
  await startWorker(app, {
    metrics: await prometheusMetrics({ registry }),
    deadLetters: { unknown_task: false },
  })
  await app.send('no.such.task')
  await app.send('replaced')
  await app.send('early', {}, { taskId: 'refused' })
  const counted = async (line: string) => (await registry.metrics()).includes(line)
  await until(() => counted('celery_worker_tasks_total{task="replaced",state="REPLACED"} 1'))
  await until(() => counted('celery_worker_tasks_total{task="early",state="CRASHED"} 1'))
  await until(async () => (await depthOf(app)) === 0)
  expect(await registry.metrics()).not.toContain('unknown_task')
})

test('a task whose end is being written is not one that runs', async () => {
  const results = await demandingResults()
  const gate = Promise.withResolvers<void>()
  const keep = results.store
  results.store = async (meta) => {
    await gate.promise
    await keep(meta)
  }
  const app = createApp({ results })
  const ran = Promise.withResolvers<void>()
  task(app, 'quick', () => ran.promise, { ack: 'late' })
  const { surface } = await startWorker(app)
  const result = await app.send('quick')
  await until(() => surface.active().length === 1)
  ran.resolve()
  await until(() => surface.active().length === 0)
  expect(await metaOf(app, result.id)).toBeUndefined()
  gate.resolve()
  expect(await result.get()).toBe(null)
})

test('no argument of a task is in a line, also when it is out of retries', async () => {
  const { log, lines } = recordLog()
  const app = createApp({ log })
  task(app, 'gives up', (_input, { retry }) => retry({ countdown: 0, max: 1 }), { params: ['token'] })
  await startWorker(app)
  const result = await app.send('gives up', { args: ['hunter2'] })
  await expect(result.get()).rejects.toThrow('hunter2')
  await until(() => lines.some(({ message }) => message === 'task failed: MaxRetriesExceededError'))
  expect(inspect(lines, { depth: 9 })).not.toContain('hunter2')
})

test('a queue with work and no worker is warned of, whether or not this worker serves it', async () => {
  const { log, lines } = recordLog()
  const app = createApp({ log, queues: [{ name: 'known' }] })
  task(app, 'anything', () => 1)
  await startWorker(app, { queues: ['served'], watchQueues: 0.02 })
  await app.send('anything', {}, { queue: 'known' })
  await app.send('anything', {}, { queue: 'served' })
  await until(() => lines.some(({ level }) => level === 'warn'))
  const warned = lines.filter(({ level }) => level === 'warn')
  expect(warned.map(({ fields }) => fields.queue)).toEqual(warned.map(() => 'known'))
  expect(warned[0]).toMatchObject({
    message: 'a queue has work and no worker serves it',
    fields: { messages: 1 },
  })
})

test('a worker that stops warns of no queue that it has let go', async () => {
  const { log, lines } = recordLog()
  const app = createApp({ log, queues: [{ name: 'served' }] })
  const [begun, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  task(app, 'held', () => {
    begun.resolve()
    return gate.promise
  })
  const broker = await app.broker()
  const worker = await startWorker(app, { queues: ['served'], watchQueues: 0.02 })
  await app.send('held', {}, { queue: 'served' })
  await begun.promise
  const stopping = worker.stop()
  await until(async () => (await broker.depth('served'))?.consumers === 0)
  await app.send('held', {}, { queue: 'served' })
  let looks = 0
  const { depth } = broker
  broker.depth = async (queue) => {
    looks += 1
    return depth.call(broker, queue)
  }
  await until(() => looks > 3)
  gate.resolve()
  await stopping
  expect(lines.filter(({ level }) => level === 'warn')).toEqual([])
})

test.each([
  ['celery@%h', 'celery@web1.example.org'],
  ['w1@%n', 'w1@web1'],
  ['%n@%d', 'web1@example.org'],
  ['w1', 'w1@web1.example.org'],
  ['100%%@%h', '100%@web1.example.org'],
])('the node name %s is %s', (pattern, name) => {
  expect(nodeName(pattern, 'web1.example.org')).toBe(name)
})

test('a new span is within the trace it came with, when that is one', () => {
  const [trace, parent, span] = ['a'.repeat(32), 'b'.repeat(16), 'c'.repeat(16)]
  expect(childTraceparent(`00-${trace}-${parent}-01`, span)).toBe(`00-${trace}-${span}-01`)
  expect(childTraceparent(`cc-${trace}-${parent}-00-more`, span)).toBe(`00-${trace}-${span}-00`)
  for (const wrong of [
    undefined,
    7,
    '',
    `00-${trace}-${parent}-01-more`,
    `ff-${trace}-${parent}-01`,
    `00-${'0'.repeat(32)}-${parent}-01`,
    `00-${trace}-${'0'.repeat(16)}-01`,
    `00-${trace.toUpperCase()}-${parent}-01`,
  ]) {
    expect(childTraceparent(wrong, span)).toBeUndefined()
  }
})
