import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type ControlClient, createControlClient } from '../../src/control/client.ts'
import { servePidbox } from '../../src/control/pidbox.ts'
import { type Celery, createCelery } from '../../src/create-celery.ts'
import { captureEvents } from '../../src/events/capture.ts'
import type { CeleryEvent } from '../../src/events/event.ts'
import { createWorkerEvents } from '../../src/events/worker-events.ts'
import { createWorker, type Worker } from '../../src/worker/worker.ts'

// The real worker, so that what it promises to remote control is tried too; one slot, so that the order is known.
const node = 'celery@real'
const options = { destination: node, reply: true, timeout: 5 }
let app: Celery
let worker: Worker
let control: ControlClient
let seen: CeleryEvent[]

beforeEach(async () => {
  app = createCelery({ broker: 'memory:', results: 'memory:' })
  app.task({ name: 'tasks.add', params: ['x', 'y'], run: ({ x, y }: { x: number; y: number }) => x + y })
  app.task({
    name: 'tasks.wait',
    run: (_, { signal }) =>
      new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
  })
  app.task({
    name: 'tasks.fail',
    run: () => {
      throw new RangeError('too far')
    },
  })
  seen = []
  await captureEvents(app, (event) => void seen.push(event))
  worker = createWorker(app, {
    hostname: node,
    concurrency: 1,
    events: createWorkerEvents({ taskEvents: true }),
    services: [servePidbox],
  })
  await worker.start()
  control = createControlClient(app)
})
afterEach(async () => {
  await control.close()
  await worker.stop({ mode: 'cold' })
  await app.close()
})

const typesOf = (id: string) => seen.filter(({ uuid }) => uuid === id).map(({ type }) => type)
const idsOf = (tasks: unknown) => (tasks as { id: string }[]).map(({ id }) => id)

test('what is told of tasks that succeed and fail', async () => {
  await app.send('tasks.add', { args: [1, 2] }, { taskId: 'good' })
  await app.send('tasks.fail', {}, { taskId: 'bad' })
  await vi.waitFor(() => expect(typesOf('bad')).toContain('task-failed'), 5_000)
  expect(typesOf('good')).toEqual(['task-received', 'task-started', 'task-succeeded'])
  expect(seen.find(({ type }) => type === 'task-succeeded')).toMatchObject({ result: '3', hostname: node })
  expect(seen.find(({ type }) => type === 'task-failed')).toMatchObject({
    exception: expect.stringContaining('too far'),
    traceback: expect.stringContaining('RangeError'),
  })
  expect((await control.inspect.stats(options))[node]).toMatchObject({
    total: { 'tasks.add': 1, 'tasks.fail': 1 },
    pool: { 'max-concurrency': 1 },
  })
})

test('tasks are found where they are, and revoked there', async () => {
  await app.send('tasks.wait', {}, { taskId: 'runs' })
  await app.send('tasks.add', { args: [1, 2] }, { taskId: 'waits' })
  await app.send('tasks.add', { args: [1, 2] }, { taskId: 'later', countdown: 3_600 })
  const { inspect } = control
  await vi.waitFor(async () => {
    expect(idsOf((await inspect.active(options))[node])).toEqual(['runs'])
    expect(idsOf((await inspect.reserved(options))[node])).toEqual(['waits'])
    expect((await inspect.scheduled(options))[node]).toMatchObject([
      { request: { id: 'later', time_start: null } },
    ])
  }, 5_000)
  expect(await inspect.queryTask(['runs', 'waits', 'later'], options)).toMatchObject({
    [node]: { runs: ['active', {}], waits: ['reserved', {}], later: ['scheduled', {}] },
  })

  await control.revoke(['waits', 'later'], options)
  expect(await control.revoke('runs', { ...options, terminate: true })).toEqual({
    [node]: { ok: 'terminate: runs' },
  })
  await vi.waitFor(async () => {
    for (const id of ['runs', 'waits', 'later']) expect(await app.result(id).state()).toBe('REVOKED')
  }, 5_000)
  await vi.waitFor(() => expect(typesOf('runs')).toContain('task-revoked'), 5_000)
  expect(seen.find(({ type, uuid }) => type === 'task-revoked' && uuid === 'runs')).toMatchObject({
    terminated: true,
    signum: 15,
    expired: false,
  })
  expect(idsOf((await inspect.active(options))[node])).toEqual([])
})

test('queues, limits and the pool change', async () => {
  await control.addConsumer('mails', options)
  await app.send('tasks.add', { args: [1, 2] }, { queue: 'mails', taskId: 'mailed' })
  await vi.waitFor(() => expect(typesOf('mailed')).toContain('task-succeeded'), 5_000)
  await control.cancelConsumer('mails', options)
  expect(await control.inspect.activeQueues(options)).toMatchObject({ [node]: [{ name: 'celery' }] })

  expect(await control.rateLimit('tasks.add', '10/m', options)).toEqual({
    [node]: { ok: 'new rate limit set successfully' },
  })
  expect(await control.rateLimit('tasks.add', 'often', options)).toEqual({
    [node]: { error: expect.stringContaining('Invalid rate limit string') },
  })
  expect((await control.inspect.registered(options))[node]).toContain('tasks.add [rate_limit=10/m]')
  expect(await control.timeLimit('tasks.wait', { soft: 0.05 }, options)).toEqual({
    [node]: { ok: 'time limits set successfully' },
  })
  await app.send('tasks.wait', {}, { taskId: 'slow' })
  await vi.waitFor(() => expect(typesOf('slow')).toContain('task-failed'), 5_000)

  await control.poolGrow(2, options)
  expect((await control.inspect.stats(options))[node]).toMatchObject({ pool: { 'max-concurrency': 3 } })
})

test('events of tasks stop and begin, and shutdown ends the worker', async () => {
  await control.disableEvents(options)
  await app.send('tasks.add', { args: [1, 2] }, { taskId: 'unseen' })
  expect(await app.result('unseen').get({ timeout: 5 })).toBe(3)
  await control.enableEvents(options)
  await app.send('tasks.add', { args: [1, 2] }, { taskId: 'seen' })
  await vi.waitFor(() => expect(typesOf('seen')).toContain('task-succeeded'), 5_000)
  expect(typesOf('unseen')).toEqual([])

  expect(await control.shutdown(options)).toEqual({ [node]: { ok: 'shutting down' } })
  await worker.done
  await vi.waitFor(() => expect(seen.at(-1)?.type).toBe('worker-offline'), 5_000)
})
