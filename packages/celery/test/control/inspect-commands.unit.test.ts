import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type ControlFixture, startControl } from './support/control-fixture.ts'
import { fakeRequest } from './support/fake-worker.ts'

let fixture: ControlFixture
beforeEach(async () => {
  fixture = await startControl()
})
afterEach(() => fixture.stop())

const startedAt = new Date('2026-03-01T12:00:00.250Z')

/** As Celery's own integration tests want it. */
function infoOf(id: string, isActive: boolean) {
  return {
    id,
    name: 'tasks.add',
    args: [1, 2],
    kwargs: { z: 3 },
    type: 'tasks.add',
    hostname: 'celery@fake',
    time_start: isActive ? startedAt.getTime() / 1000 : null,
    acknowledged: isActive,
    delivery_info: { exchange: '', routing_key: 'celery', priority: 0, redelivered: false },
    worker_pid: isActive ? process.pid : null,
  }
}

describe('tasks', () => {
  const eta = '2026-03-01T13:00:00.123456+00:00'
  beforeEach(() => {
    const call = { args: [1, 2], kwargs: { z: 3 } }
    fixture.worker.activeRequests = [fakeRequest('a', { ...call, startedAt })]
    fixture.worker.reservedRequests = [fakeRequest('r', call)]
    fixture.worker.scheduledRequests = [{ eta: new Date(eta), request: fakeRequest('s', { ...call, eta }) }]
  })

  test('active, reserved and scheduled', async () => {
    expect(await fixture.ask('active')).toEqual([infoOf('a', true)])
    expect(await fixture.ask('dump_active')).toEqual([infoOf('a', true)])
    expect(await fixture.ask('reserved')).toEqual([infoOf('r', false)])
    expect(await fixture.ask('scheduled')).toEqual([{ eta, priority: 6, request: infoOf('s', false) }])
  })

  test('active with safe: arguments as text', async () => {
    expect(await fixture.ask('active', { safe: true })).toMatchObject([
      { args: '(1, 2)', kwargs: "{'z': 3}" },
    ])
    expect(await fixture.ask('active', { safe: null })).toMatchObject([{ args: [1, 2] }])
  })

  test('arguments that are large are shown as text, cut', async () => {
    fixture.worker.activeRequests = [fakeRequest('a', { args: ['x'.repeat(100_000)], startedAt })]
    const [info] = (await fixture.ask('active')) as { args: string }[]
    expect(info?.args).toEqual(expect.stringContaining('xxx'))
    expect(info?.args.length).toBeLessThan(1_100)
  })

  test('arguments beyond JSON are sent as Python reads them', async () => {
    fixture.worker.activeRequests = [fakeRequest('a', { args: [2n ** 70n, new Date(0)], startedAt })]
    expect(await fixture.ask('active')).toMatchObject([{ args: [2n ** 70n, new Date(0)] }])
  })

  test('query_task finds a task wherever it is', async () => {
    expect(await fixture.ask('query_task', { ids: ['a', 'r', 's', 'unknown'] })).toEqual({
      a: ['active', infoOf('a', true)],
      r: ['reserved', infoOf('r', false)],
      s: ['scheduled', infoOf('s', false)],
    })
    expect(await fixture.ask('query_task', { ids: 'a' })).toEqual({ a: ['active', infoOf('a', true)] })
    expect(await fixture.ask('query_task', { ids: [] })).toEqual({})
  })
})

test('ping and clock', async () => {
  expect(await fixture.ask('ping')).toEqual({ ok: 'pong' })
  expect(await fixture.ask('clock')).toEqual({ clock: expect.any(Number) })
})

test('registered: names, with attributes that are set', async () => {
  expect(await fixture.ask('registered', { taskinfoitems: [] })).toEqual(['tasks.add'])
  fixture.worker.setRateLimit('tasks.add', '10/m')
  expect(await fixture.ask('registered')).toEqual(['tasks.add [rate_limit=10/m]'])
  expect(await fixture.ask('registered', { taskinfoitems: ['name'] })).toEqual(['tasks.add [name=tasks.add]'])
  expect(await fixture.ask('registered', { taskinfoitems: ['__class__', 'toString'] })).toEqual(['tasks.add'])
  expect(await fixture.ask('registered', { builtins: true })).toEqual(
    expect.arrayContaining(['celery.chain', 'tasks.add [rate_limit=10/m]']),
  )
})

test('stats: what Flower and Celery read from them', async () => {
  fixture.worker.counts = { 'tasks.add': 3 }
  expect(await fixture.ask('stats')).toEqual({
    total: { 'tasks.add': 3 },
    pid: process.pid,
    clock: expect.stringMatching(/^\d+$/),
    uptime: 65,
    pool: expect.objectContaining({ 'max-concurrency': 4, processes: [process.pid] }),
    broker: expect.objectContaining({ ...fixture.broker.describe(), transport: 'memory' }),
    prefetch_count: 16,
    rusage: expect.objectContaining({ utime: expect.any(Number), maxrss: expect.any(Number) }),
  })
})

test('conf and report: the settings, with no password', async () => {
  const conf = await fixture.ask('conf', { with_defaults: true })
  expect(conf).toMatchObject({ task_default_queue: 'celery', timezone: 'UTC', accept_content: ['json'] })
  const asked = [
    'worker_hijack_root_logger',
    'worker_log_color',
    'enable_utc',
    'broker_url',
    'result_backend',
  ]
  for (const name of [...asked, 'broker_heartbeat', 'deprecated_settings', 'include'])
    expect(conf).toHaveProperty(name)
  expect(await fixture.ask('report')).toEqual({ ok: expect.stringContaining('software -> celery:') })
})

test('active_queues: just the shape of kombu', async () => {
  await fixture.ask('add_consumer', { queue: 'feeds' })
  const queues = await fixture.ask('active_queues')
  expect(queues).toMatchObject([{ name: 'celery' }, { name: 'feeds', routing_key: 'feeds.#' }])
  expect((queues as unknown[])[0]).toEqual({
    alias: null,
    auto_delete: false,
    binding_arguments: null,
    bindings: [],
    consumer_arguments: null,
    durable: true,
    exchange: {
      arguments: null,
      auto_delete: false,
      delivery_mode: null,
      durable: true,
      name: 'celery',
      no_declare: false,
      passive: false,
      type: 'direct',
    },
    exclusive: false,
    expires: null,
    max_length: null,
    max_length_bytes: null,
    max_priority: null,
    message_ttl: null,
    name: 'celery',
    no_ack: false,
    no_declare: null,
    queue_arguments: null,
    routing_key: 'celery',
  })
})

test('hello: revoked ids go both ways, and the own one is not answered', async () => {
  await fixture.ask('revoke', { task_id: 'own' })
  const reply = await fixture.ask('hello', { from_node: 'celery@other', revoked: ['theirs', 7] })
  expect(reply).toEqual({ revoked: ['own', 'theirs'], clock: expect.any(Number) })
  await fixture.ask('hello', { from_node: 'celery@old', revoked: { older: [1.5, 1, 'older'] } })
  expect(await fixture.ask('revoked')).toEqual(['own', 'theirs', 'older'])
  expect(await fixture.ask('hello', { from_node: 'celery@fake', revoked: ['x'] })).toBeNull()
  expect(await fixture.ask('hello', {})).toEqual({ error: 'from_node is missing' })
})

test('memory: its size, and a polite no to what only Python has', async () => {
  expect(await fixture.ask('memsample')).toEqual(expect.stringMatching(/^\d+\.\d\dMB$/))
  expect(await fixture.ask('memdump', { samples: 10 })).toEqual({ error: expect.any(String) })
  expect(await fixture.ask('objgraph', { num: 200 })).toEqual({ error: expect.any(String) })
})
