import { Registry } from 'prom-client'
import { expect, test } from 'vitest'
import { prometheusMetrics } from '../../src/worker/metrics.ts'
import { createApp, startWorker, task } from './support.ts'

test('how long it ran is told of what ran, whatever the clock says meanwhile', async () => {
  const registry = new Registry()
  let now = Date.now()
  const app = createApp({ now: () => new Date(now) })
  task(app, 'sets the clock', () => {
    now -= 3_600_000
  })
  task(app, 'stale', () => 'never')
  const expired = await app.send('stale', {}, { expires: 60 })
  now += 61_000
  await startWorker(app, { metrics: await prometheusMetrics({ registry }) })
  await expect(expired.get()).rejects.toThrow('expired')
  await (await app.send('sets the clock')).get()
  const text = await registry.metrics()
  expect(text).toContain('celery_worker_tasks_total{task="stale",state="REVOKED"} 1')
  expect(text).not.toContain('task_run_seconds_count{task="stale"} 1')
  expect(text).toContain('task_run_seconds_count{task="sets the clock"} 1')
  const sum = /task_run_seconds_sum{task="sets the clock"} (\S+)/.exec(text)?.[1]
  expect(Number(sum)).toBeGreaterThan(0)
  expect(Number(sum)).toBeLessThan(60)
})
