import { Registry } from 'prom-client'
import { expect, test } from 'vitest'
import { prometheusMetrics } from '../../src/worker/metrics.ts'
import { nodeName } from '../../src/worker/options.ts'
import { childTraceparent } from '../../src/worker/trace.ts'
import { createApp, lettersOf, recordLog, startWorker, task, until } from './support.ts'

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
