import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Broker } from '../../src/brokers/port.ts'
import { type Celery, createCelery } from '../../src/create-celery.ts'
import { captureEvents } from '../../src/events/capture.ts'
import type { CeleryEvent } from '../../src/events/event.ts'
import { createWorkerEvents } from '../../src/events/worker-events.ts'
import { FakeWorker, fakeRequest } from '../control/support/fake-worker.ts'

let app: Celery
let broker: Broker
let worker: FakeWorker
const seen: CeleryEvent[] = []

beforeEach(async () => {
  seen.length = 0
  app = createCelery({ broker: 'memory:' })
  broker = await app.broker()
  worker = new FakeWorker(app, broker)
  await captureEvents(app, (event) => void seen.push(event))
})
afterEach(() => app.close())

const types = () => seen.map(({ type }) => type)

test('a worker is online, beats, and says goodbye after what it has to tell of its tasks', async () => {
  worker.counts = { 'tasks.add': 3, 'tasks.mul': 4 }
  worker.activeRequests = [fakeRequest('a', { startedAt: new Date() })]
  const events = createWorkerEvents({ taskEvents: true })(worker)
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  await events.start()
  vi.advanceTimersByTime(4_000)
  vi.useRealTimers()
  events.started('a')
  await events.stop()
  await vi.waitFor(() => expect(types()).toContain('worker-offline'))
  expect(types()).toEqual([
    'worker-online',
    'worker-heartbeat',
    'worker-heartbeat',
    'task-started',
    'worker-offline',
  ])
  expect(seen[1]).toMatchObject({
    hostname: 'celery@fake',
    freq: 2,
    active: 1,
    processed: 7,
    loadavg: [expect.any(Number), expect.any(Number), expect.any(Number)],
    sw_ident: expect.any(String),
    sw_ver: expect.stringMatching(/^\d+\.\d+/),
    sw_sys: expect.any(String),
  })
})

test('of tasks nothing is told before somebody asks for it', async () => {
  const events = createWorkerEvents()(worker)
  await events.start()
  expect(events.enabled).toBe(false)
  events.received(fakeRequest('a'))
  events.enabled = true
  events.received(fakeRequest('b'))
  events.enabled = false
  events.received(fakeRequest('c'))
  await events.stop()
  await vi.waitFor(() => expect(types()).toContain('worker-offline'))
  expect(seen.filter(({ type }) => type === 'task-received').map(({ uuid }) => uuid)).toEqual(['b'])
})

test('what happens to tasks is told as Python tells it', async () => {
  const events = createWorkerEvents({ taskEvents: true })(worker)
  const request = fakeRequest('a', { args: [1, 'x'], kwargs: { y: null }, eta: '2026-03-01T12:00:00+00:00' })
  events.received(request)
  events.started('a')
  events.succeeded('a', { sum: [1, true] }, 0.25)
  events.failed('b', { exc_type: 'ValueError', exc_message: ['no', 7], exc_module: 'builtins' }, 'Traceback')
  events.retried(
    'c',
    { exc_type: 'OSError', exc_message: 'gone', exc_module: 'builtins' },
    'x'.repeat(20_000),
  )
  events.revoked('d', { terminated: true, signum: 15, expired: false })
  events.rejected('e', true)
  await events.stop()
  await vi.waitFor(() => expect(seen).toHaveLength(7))
  expect(seen.map(({ hostname, timestamp, utcoffset, pid, clock, ...fields }) => fields)).toEqual([
    {
      type: 'task-received',
      uuid: 'a',
      name: 'tasks.add',
      args: "(1, 'x')",
      kwargs: "{'y': None}",
      root_id: 'a',
      parent_id: null,
      retries: 0,
      eta: '2026-03-01T12:00:00+00:00',
      expires: null,
    },
    { type: 'task-started', uuid: 'a' },
    { type: 'task-succeeded', uuid: 'a', result: "{'sum': [1, True]}", runtime: 0.25 },
    { type: 'task-failed', uuid: 'b', exception: "ValueError('no', 7)", traceback: 'Traceback' },
    { type: 'task-retried', uuid: 'c', exception: "OSError('gone')", traceback: 'x'.repeat(16_384) },
    { type: 'task-revoked', uuid: 'd', terminated: true, signum: 15, expired: false },
    { type: 'task-rejected', uuid: 'e', requeue: true },
  ])
})
