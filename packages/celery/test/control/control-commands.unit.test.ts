import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { captureEvents } from '../../src/events/capture.ts'
import type { TaskMeta } from '../../src/results/port.ts'
import { type ControlFixture, startControl } from './support/control-fixture.ts'
import { fakeRequest } from './support/fake-worker.ts'

let fixture: ControlFixture
beforeEach(async () => {
  fixture = await startControl()
})
afterEach(() => fixture.stop())

async function states(...ids: string[]) {
  const results = await fixture.app.results()
  return (await results?.get(ids))?.map((meta) => meta?.status)
}

async function keep(task_id: string, status: string) {
  const meta: TaskMeta = { task_id, status, result: null, traceback: null, children: [], date_done: null }
  await (await fixture.app.results())?.store(meta)
}

describe('revoke', () => {
  test('one or many; those that nobody has begun are REVOKED at once', async () => {
    fixture.worker.activeRequests = [fakeRequest('runs', { startedAt: new Date() })]
    await keep('done', 'SUCCESS')
    await keep('elsewhere', 'STARTED')
    await keep('again', 'RETRY')
    expect(await fixture.ask('revoke', { task_id: 'one' })).toEqual({
      ok: "tasks {'one'} flagged as revoked",
    })
    await fixture.ask('revoke', { task_id: ['new', 'new', 'runs', 'done', 'elsewhere', 'again'] })
    expect(await fixture.ask('revoked')).toEqual(['one', 'new', 'runs', 'done', 'elsewhere', 'again'])
    const expected = ['REVOKED', 'REVOKED', undefined, 'SUCCESS', 'STARTED', 'REVOKED']
    await vi.waitFor(async () =>
      expect(await states('one', 'new', 'runs', 'done', 'elsewhere', 'again')).toEqual(expected),
    )
  })

  test('with terminate, those that run are aborted', async () => {
    fixture.worker.activeRequests = [fakeRequest('a', { startedAt: new Date() })]
    expect(await fixture.ask('revoke', { task_id: ['a'], terminate: 1, signal: 'kill' })).toEqual({
      ok: 'terminate: a',
    })
    expect(await fixture.ask('terminate', { task_id: ['b'], signal: 'SIGTERM' })).toEqual({
      ok: 'terminate: tasks unknown',
    })
    expect(fixture.worker.calls).toEqual([
      ['revoke', ['a'], { terminate: true, signal: 'SIGKILL' }],
      ['revoke', ['b'], { terminate: true, signal: 'SIGTERM' }],
    ])
  })

  test.each([
    { task_id: 7 },
    { task_id: ['a', null] },
    { task_id: 'a', terminate: 'yes' },
    { task_id: 'a', signal: 'SIGNOTHING' },
  ])('%j is refused and revokes nothing', async (args) => {
    expect(await fixture.ask('revoke', args)).toEqual({ error: expect.any(String) })
    expect(await fixture.ask('revoked')).toEqual([])
  })

  test('by stamped headers, as an object or as the command line sends them', async () => {
    const revoke = (headers: unknown, terminate = false) =>
      fixture.ask('revoke_by_stamped_headers', { headers, terminate })
    expect(await revoke({ mtask: ['a', 'b'], other: 'c' })).toEqual({
      ok: "headers {'mtask': ['a', 'b'], 'other': ['c']} flagged as revoked, but not terminated",
    })
    expect(await revoke(['mtask=a', 'mtask=b', '__proto__=c'], true)).toEqual({
      ok: expect.stringMatching(/^headers .* were not terminated$/),
    })
    expect(fixture.worker.calls.map(([, headers]) => headers)).toEqual([
      { mtask: ['a', 'b'], other: ['c'] },
      Object.fromEntries([
        ['mtask', ['a', 'b']],
        ['__proto__', ['c']],
      ]),
    ])
    expect(await revoke(['mtask'])).toEqual({ error: expect.any(String) })
    const many = (count: number) => Array.from({ length: count }, (_, i) => `m=${i}`)
    expect(await revoke(many(50_000))).toEqual({ ok: expect.any(String) })
    for (const headers of [many(50_001), { m: many(50_001) }])
      expect(await revoke(headers)).toEqual({ error: 'headers must hold at most 50000 values' })
    expect(await revoke(null)).toEqual({ error: expect.any(String) })
  })
})

describe('limits', () => {
  const limit = (rate_limit: unknown, task_name = 'tasks.add') =>
    fixture.ask('rate_limit', { task_name, rate_limit })

  test('of the rate', async () => {
    expect(await limit('10/m')).toEqual({ ok: 'new rate limit set successfully' })
    expect(fixture.worker.rateLimit('tasks.add')).toBe('10/m')
    await limit(5)
    expect(fixture.worker.rateLimit('tasks.add')).toBe('5/s')
    for (const none of ['', '0', 0, null]) {
      await limit('10/m')
      expect(await limit(none)).toEqual({ ok: 'rate limit disabled successfully' })
      expect(fixture.worker.rateLimit('tasks.add')).toBeUndefined()
    }
    expect(await limit('often')).toEqual({ error: expect.stringContaining('Invalid rate limit string') })
    expect(await limit({})).toEqual({ error: expect.stringContaining('Invalid rate limit string') })
    expect(await limit('10/m', 'tasks.none')).toEqual({ error: 'unknown task' })
  })

  test('of the time', async () => {
    const set = (args: object) => fixture.ask('time_limit', { task_name: 'tasks.add', ...args })
    expect(await set({ soft: 10, hard: 20.5 })).toEqual({ ok: 'time limits set successfully' })
    expect(await set({ soft: 10, hard: null })).toEqual({ ok: 'time limits set successfully' })
    expect(fixture.worker.calls).toEqual([
      ['setTimeLimits', 'tasks.add', { soft: 10, hard: 20.5 }],
      ['setTimeLimits', 'tasks.add', { soft: 10, hard: undefined }],
    ])
    expect(await set({ soft: -1 })).toEqual({ error: expect.stringContaining('soft') })
    expect(await set({ soft: 'long' })).toEqual({ error: expect.stringContaining('soft') })
    expect(await set({ task_name: 'tasks.none' })).toEqual({ error: 'unknown task' })
  })
})

describe('queues', () => {
  test('are added: by name, as the app has them, or as it is said', async () => {
    expect(await fixture.ask('add_consumer', { queue: 'mails' })).toEqual({ ok: 'add consumer mails' })
    await fixture.ask('add_consumer', { queue: 'feeds', exchange: 'other' })
    await fixture.ask('add_consumer', {
      queue: 'own',
      exchange: 'e',
      exchange_type: 'topic',
      routing_key: 'k.#',
      queue_arguments: { 'x-max-priority': 9 },
    })
    await fixture.ask('add_consumer', {
      queue: 'keyed',
      exchange: null,
      exchange_type: null,
      routing_key: 'k',
    })
    expect(fixture.worker.calls.map(([, queue]) => queue)).toEqual([
      { name: 'mails' },
      { name: 'feeds', exchange: { name: 'books', type: 'topic' }, routingKey: 'feeds.#' },
      {
        name: 'own',
        exchange: { name: 'e', type: 'topic' },
        routingKey: 'k.#',
        arguments: { 'x-max-priority': 9 },
      },
      { name: 'keyed', exchange: { name: 'keyed', type: 'direct' }, routingKey: 'k' },
    ])
  })

  test('are left', async () => {
    expect(await fixture.ask('cancel_consumer', { queue: 'celery' })).toEqual({
      ok: 'no longer consuming from celery',
    })
    expect(await fixture.ask('active_queues')).toEqual([])
  })

  test.each([
    {},
    { queue: 7 },
    { queue: 'q', exchange: 'e', exchange_type: 'headers' },
    { queue: 'q', queue_arguments: [] },
  ])('%j is refused', async (args) => {
    expect(await fixture.ask('add_consumer', args)).toEqual({ error: expect.any(String) })
    expect(fixture.worker.calls).toEqual([])
  })
})

test('the pool grows and shrinks', async () => {
  expect(await fixture.ask('pool_grow', { n: 3 })).toEqual({ ok: 'pool will grow' })
  expect(fixture.worker.concurrency).toBe(7)
  expect(await fixture.ask('pool_shrink')).toEqual({ ok: 'pool will shrink' })
  expect(fixture.worker.concurrency).toBe(6)
  for (const n of [0, -1, 1.5, 'many', 1e9])
    expect(await fixture.ask('pool_grow', { n })).toEqual({ error: expect.stringContaining('n must be') })
  expect(fixture.worker.concurrency).toBe(6)
  for (const command of ['pool_restart', 'autoscale', 'election'])
    expect(await fixture.ask(command, { max: 10, min: 3 })).toEqual({ error: expect.any(String) })
})

test('events of tasks are enabled and disabled', async () => {
  expect(await fixture.ask('enable_events')).toEqual({ ok: 'task events enabled' })
  expect(await fixture.ask('enable_events')).toEqual({ ok: 'task events already enabled' })
  expect(fixture.worker.eventsEnabled).toBe(true)
  expect(await fixture.ask('disable_events')).toEqual({ ok: 'task events disabled' })
  expect(await fixture.ask('disable_events')).toEqual({ ok: 'task events already disabled' })
})

test('heartbeat: one is sent at once', async () => {
  const seen: unknown[] = []
  await captureEvents(fixture.app, (event) => void seen.push(event))
  expect(await fixture.ask('heartbeat')).toBeNull()
  await vi.waitFor(() => expect(seen).toHaveLength(1))
  expect(seen[0]).toMatchObject({ type: 'worker-heartbeat', hostname: 'celery@fake', freq: 2, active: 0 })
})

test('shutdown is answered and done', async () => {
  expect(await fixture.ask('shutdown')).toEqual({ ok: 'shutting down' })
  expect(fixture.worker.calls).toEqual([['shutDown']])
})
