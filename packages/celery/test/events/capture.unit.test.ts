import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Broker } from '../../src/brokers/port.ts'
import { type Celery, createCelery } from '../../src/create-celery.ts'
import { captureEvents } from '../../src/events/capture.ts'
import { createEventDispatcher } from '../../src/events/dispatcher.ts'
import { type CeleryEvent, eventExchange } from '../../src/events/event.ts'
import { recordingLog } from './support/recording-log.ts'

const log = recordingLog()
let app: Celery
let broker: Broker
let seen: CeleryEvent[]

beforeEach(async () => {
  app = createCelery({ broker: 'memory:', log })
  broker = await app.broker()
  seen = []
  log.warnings.length = 0
})
afterEach(() => app.close())

async function cast(body: string, contentType = 'application/json') {
  await broker.cast(
    { headers: {}, properties: { contentType, contentEncoding: 'utf-8' }, body: Buffer.from(body) },
    { exchange: eventExchange, routingKey: 'worker.custom' },
  )
}

test('events come one by one, whether they were sent alone or as a list', async () => {
  await captureEvents(app, (event) => void seen.push(event))
  const events = createEventDispatcher({
    broker,
    clock: app.clock,
    hostname: 'celery@web1',
    groups: ['worker', 'task'],
  })
  events.send('worker-online', { freq: 2 })
  events.send('task-received', { uuid: 'a', name: 'tasks.add' })
  events.send('task-started', { uuid: 'a' })
  await events.close()
  await vi.waitFor(() => expect(seen).toHaveLength(3))
  expect(seen.map(({ type }) => type)).toEqual(['worker-online', 'task-received', 'task-started'])
  expect(seen[1]).toMatchObject({ hostname: 'celery@web1', pid: process.pid, uuid: 'a', name: 'tasks.add' })
})

test('the clock follows that of workers, and clients count as just before now', async () => {
  await captureEvents(app, (event) => void seen.push(event))
  await cast('{"type": "worker-heartbeat", "hostname": "celery@web1", "clock": 1000}')
  await cast('{"type": "task-sent", "hostname": "gen1@web1", "clock": 5}')
  await cast('{"type": "worker-custom", "hostname": "celery@web1"}')
  await vi.waitFor(() => expect(seen).toHaveLength(3))
  expect(seen.map(({ clock }) => clock)).toEqual([1000, 1000, 1003])
  expect(app.clock.value).toBe(1003)
})

test('a clock that nobody can have counted to is none', async () => {
  await captureEvents(app, (event) => void seen.push(event))
  for (const clock of [2 ** 53 - 1, 2 ** 52 + 1, '7', 1.5])
    await cast(JSON.stringify({ type: 'worker-x', hostname: 'a', clock }))
  await cast(JSON.stringify({ type: 'worker-x', hostname: 'a', clock: 2 ** 52 }))
  await vi.waitFor(() => expect(seen).toHaveLength(5))
  expect(seen.map(({ clock }) => clock)).toEqual([1, 2, 3, 4, 2 ** 52])
  expect([app.clock.forward(), app.clock.forward()]).toEqual([2 ** 52 + 2, 2 ** 52 + 3])
})

test('a body of more than 16 MB is not read', async () => {
  await captureEvents(app, (event) => void seen.push(event))
  const event = '{"type": "worker-x", "hostname": "a"}'
  await cast(event + ' '.repeat(2 ** 24 - event.length + 1))
  await cast(event + ' '.repeat(2 ** 24 - event.length))
  await vi.waitFor(() => expect(seen).toHaveLength(1))
  expect(log.warnings).toEqual(['an event could not be handled'])
})

test('what is no event is left out, and an error of the watcher ends nothing', async () => {
  await captureEvents(app, (event) => {
    if (event.type === 'worker-bad') throw new Error('the watcher is broken')
    seen.push(event)
  })
  for (const body of ['no json', '7', 'null', '[[], 1, {"type": 7}]', '{"type": "worker-x"}'])
    await cast(body)
  await cast('{"type": "worker-pickled", "hostname": "a"}', 'application/x-python-serialize')
  await cast('{"type": "worker-bad", "hostname": "a", "clock": NaN}')
  await cast('{"type": "worker-good", "hostname": "a", "load": NaN}')
  await vi.waitFor(() => expect(seen).toHaveLength(1))
  expect(seen[0]).toMatchObject({ type: 'worker-good', load: Number.NaN })
  expect(log.warnings).toHaveLength(2)
  expect(log.unshown).toEqual([])
})

test('a pattern chooses among them, and nothing comes after the end', async () => {
  const watching = await captureEvents(app, (event) => void seen.push(event), { routingKey: 'task.#' })
  await cast('{"type": "worker-custom", "hostname": "a"}')
  const events = createEventDispatcher({ broker, clock: app.clock, hostname: 'a', groups: ['task'] })
  events.send('task-started', { uuid: 'a' })
  await events.flush()
  await vi.waitFor(() => expect(seen.map(({ type }) => type)).toEqual(['task-started']))
  await watching.stop()
  events.send('task-started', { uuid: 'b' })
  await events.close()
  expect(seen).toHaveLength(1)
})
