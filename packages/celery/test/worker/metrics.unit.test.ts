import { Registry } from 'prom-client'
import { expect, onTestFinished, test } from 'vitest'
import type { Celery } from '../../src/create-celery.ts'
import { CeleryError } from '../../src/errors.ts'
import { prometheusMetrics } from '../../src/worker/metrics.ts'
import { createWorker } from '../../src/worker/worker.ts'
import { createApp, startWorker, task, until } from './support.ts'

test('how long it waited and ran is told of what ran, whatever the clock says meanwhile', async () => {
  const registry = new Registry()
  let now = Date.now()
  const app = createApp({ now: () => new Date(now) })
  task(app, 'sets the clock', () => {
    now -= 3_600_000
  })
  task(app, 'waits', () => 'ran')
  task(app, 'stale', () => 'never')
  const expired = await app.send('stale', {}, { expires: 60 })
  now += 61_000
  const set = await app.send('sets the clock')
  const waits = await app.send('waits')
  const { surface } = await startWorker(app, {
    metrics: await prometheusMetrics({ registry }),
    concurrency: 1,
  })
  await expect(expired.get()).rejects.toThrow('expired')
  for (const result of [set, waits]) await result.get()
  expect(surface.uptime).toBeGreaterThan(0)
  expect(surface.uptime).toBeLessThan(60)
  const text = await registry.metrics()
  expect(text).toContain('celery_worker_tasks_total{task="stale",state="REVOKED"} 1')
  expect(text).not.toContain('task_run_seconds_count{task="stale"} 1')
  expect(text).toContain('task_run_seconds_count{task="sets the clock"} 1')
  for (const sum of ['task_run_seconds_sum{task="sets the clock"}', 'task_wait_seconds_sum{task="waits"}']) {
    const seconds = Number(text.slice(text.indexOf(sum) + sum.length).split('\n')[0])
    expect(seconds).toBeGreaterThan(0)
    expect(seconds).toBeLessThan(60)
  }
})

test('workers of one process share their metrics, and one that is started again or stopped is no hindrance', async () => {
  const registry = new Registry()
  const metrics = await prometheusMetrics({ registry })
  const gate = Promise.withResolvers<void>()
  const [first, second] = ['first', 'second'].map((name) => {
    const app = createApp({ defaultQueue: name })
    task(app, name, () => gate.promise)
    return app
  }) as [Celery, Celery]
  let isRefused = true
  const worker = createWorker(first, {
    metrics,
    services: [
      async () => {
        if (isRefused) throw new CeleryError('UNSUPPORTED', 'refused')
        return { stop: async () => undefined }
      },
    ],
  })
  onTestFinished(() => worker.stop({ mode: 'cold' }))
  await expect(worker.start()).rejects.toThrow('refused')
  isRefused = false
  await worker.start()
  const other = await startWorker(second, { metrics })
  const results = [await first.send('first'), await second.send('second')]
  await until(() => worker.surface.active().length + other.surface.active().length === 2)
  const text = await registry.metrics()
  expect(text).toContain('celery_worker_active 2')
  expect(text).toContain('celery_worker_queue_depth{queue="first"} 0')
  expect(text).toContain('celery_worker_queue_depth{queue="second"} 0')
  expect(text).toContain('celery_worker_task_wait_seconds_count{task="second"} 1')
  gate.resolve()
  for (const result of results) await result.get()
  await other.stop()
  const left = await registry.metrics()
  expect(left).toContain('celery_worker_queue_depth{queue="first"} 0')
  expect(left).not.toContain('{queue="second"}')
})

test('a registry that has these metrics already is refused with what to do', async () => {
  const registry = new Registry()
  await prometheusMetrics({ registry })
  await expect(prometheusMetrics({ registry })).rejects.toMatchObject({
    code: 'BAD_OPTION',
    message: expect.stringMatching(/registry of prometheusMetrics has metrics .* the same metrics/),
  })
  await prometheusMetrics({ registry, prefix: 'other_' })
})
