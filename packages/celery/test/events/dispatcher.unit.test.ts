import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { LamportClock } from '../../src/events/clock.ts'
import { createEventDispatcher, type EventDispatcherOptions } from '../../src/events/dispatcher.ts'
import { utcOffset } from '../../src/events/event.ts'
import { RecordingBroker } from './support/recording-broker.ts'
import { recordingLog } from './support/recording-log.ts'

let broker: RecordingBroker
const clock = new LamportClock()

function dispatcher(options: Partial<EventDispatcherOptions> = {}) {
  return createEventDispatcher({
    broker,
    clock,
    hostname: 'celery@web1',
    groups: ['worker', 'task'],
    now: () => new Date('2026-03-01T12:00:00.500Z'),
    ...options,
  })
}

beforeEach(() => {
  vi.useFakeTimers()
  broker = new RecordingBroker()
})
afterEach(() => {
  vi.useRealTimers()
})

describe('what is sent', () => {
  test('an event of a worker goes alone, under its type, with what every event says', () => {
    const before = clock.value
    dispatcher().send('worker-heartbeat', { freq: 2 })
    expect(broker.casts).toHaveLength(1)
    expect(broker.casts[0]?.to).toEqual({
      exchange: { name: 'celeryev', type: 'topic' },
      routingKey: 'worker.heartbeat',
    })
    expect(broker.casts[0]?.message).toMatchObject({
      headers: { hostname: 'celery@web1' },
      properties: { contentType: 'application/json', contentEncoding: 'utf-8', deliveryMode: 1 },
    })
    expect(broker.events).toEqual([
      {
        type: 'worker-heartbeat',
        hostname: 'celery@web1',
        timestamp: Date.parse('2026-03-01T12:00:00.500Z') / 1000,
        utcoffset: utcOffset(new Date('2026-03-01T12:00:00Z')),
        pid: process.pid,
        clock: before + 1,
        freq: 2,
      },
    ])
  })

  test('events of tasks are gathered into one list, each with a clock of its own', async () => {
    const events = dispatcher()
    events.send('task-received', { uuid: 'a' })
    events.send('task-started', { uuid: 'a' })
    expect(broker.casts).toEqual([])
    await vi.advanceTimersByTimeAsync(50)
    expect(broker.casts.map(({ to }) => to.routingKey)).toEqual(['task.multi'])
    const [received, started] = broker.events
    expect([received?.type, started?.type]).toEqual(['task-received', 'task-started'])
    expect(started?.clock).toBe(Number(received?.clock) + 1)
  })

  test('a hundred events of tasks do not wait for the interval', async () => {
    const events = dispatcher()
    for (let i = 0; i < 250; i++) events.send('task-started', { uuid: String(i) })
    await vi.advanceTimersByTimeAsync(0)
    expect(broker.events.map(({ uuid }) => uuid)).toEqual(Array.from({ length: 250 }, (_, i) => String(i)))
    expect(broker.casts).toHaveLength(3)
  })

  test('nothing is sent of a group that is not enabled, and the clock stands still', async () => {
    const events = dispatcher({ groups: ['worker'] })
    const before = clock.value
    events.send('task-started', { uuid: 'a' })
    await events.flush()
    expect(broker.casts).toEqual([])
    expect(clock.value).toBe(before)

    expect(events.isEnabled('task')).toBe(false)
    expect([events.enable('task'), events.enable('task')]).toEqual([true, false])
    events.send('task-started', { uuid: 'b' })
    await events.flush()
    expect(broker.events.map(({ uuid }) => uuid)).toEqual(['b'])
    expect([events.disable('task'), events.disable('task')]).toEqual([true, false])
  })

  test('a value that JSON does not have takes its own event alone with it', async () => {
    const events = dispatcher()
    events.send('task-started', { uuid: 'a' })
    events.send('task-custom', { uuid: 'b', size: 1n })
    events.send('worker-custom', { size: 1n })
    events.send('task-started', { uuid: 'c' })
    await events.flush()
    expect(broker.events.map(({ uuid }) => uuid)).toEqual(['a', 'c'])
  })
})

describe('while the broker is away', () => {
  test('events of tasks are kept for its return, those of workers are not', async () => {
    const events = dispatcher()
    broker.become('reconnecting')
    events.send('task-started', { uuid: 'a' })
    events.send('worker-heartbeat')
    await vi.advanceTimersByTimeAsync(1_000)
    expect(broker.casts).toEqual([])
    broker.become('open')
    await vi.advanceTimersByTimeAsync(0)
    expect(broker.events.map(({ type }) => type)).toEqual(['task-started'])
  })

  test('the newest 10,000 are kept, and it is said how many were not', async () => {
    const log = recordingLog()
    const events = dispatcher({ log })
    broker.become('reconnecting')
    for (let i = 0; i < 10_250; i++) events.send('task-started', { index: i })
    broker.become('open')
    await events.flush()
    const indices = broker.events.map(({ index }) => index)
    expect(indices.at(-1)).toBe(10_249)
    expect(indices.length).toBeGreaterThan(9_900)
    expect(indices.length).toBeLessThanOrEqual(10_000)
    expect(log.warnings).toHaveLength(1)
  })

  test('a slow connection gets one message of tasks at a time', async () => {
    const events = dispatcher()
    const { promise, resolve } = Promise.withResolvers<void>()
    broker.gate = promise
    for (let i = 0; i < 500; i++) events.send('task-started', { index: i })
    await vi.advanceTimersByTimeAsync(1_000)
    expect(broker.casts).toHaveLength(1)
    resolve()
    await events.flush()
    expect(broker.events).toHaveLength(500)
  })

  test('a cast that fails is no error of the sender', async () => {
    broker.gate = Promise.reject(new Error('connection reset'))
    const events = dispatcher()
    events.send('worker-heartbeat')
    events.send('task-started', { uuid: 'a' })
    await expect(events.close()).resolves.toBeUndefined()
  })
})

describe('closing', () => {
  test('sends what was gathered, and then nothing more', async () => {
    const events = dispatcher()
    events.send('task-started', { uuid: 'a' })
    await events.close()
    await events.close()
    events.send('task-started', { uuid: 'b' })
    events.send('worker-offline')
    await vi.advanceTimersByTimeAsync(1_000)
    expect(broker.events.map(({ uuid }) => uuid)).toEqual(['a'])
  })

  test('does not wait for ever', async () => {
    broker.gate = new Promise(() => {})
    const events = dispatcher()
    events.send('worker-offline')
    events.send('task-started', { uuid: 'a' })
    const closed = vi.fn()
    void events.close().then(closed)
    await vi.advanceTimersByTimeAsync(1_999)
    expect(closed).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(1)
    expect(closed).toHaveBeenCalled()
  })
})

describe('the offset of the time zone', () => {
  const zone = process.env.TZ
  afterEach(() => {
    if (zone === undefined) delete process.env.TZ
    else process.env.TZ = zone
  })

  test.each([
    ['Asia/Kolkata', '2026-01-01', -5.5],
    ['America/New_York', '2026-01-01', 5],
    ['America/New_York', '2026-07-01', 4],
    ['UTC', '2026-07-01', 0],
  ])('%s on %s is %d hours west', (name, day, hours) => {
    process.env.TZ = name
    expect(utcOffset(new Date(day))).toBe(hours)
  })
})
