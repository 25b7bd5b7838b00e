import { createTestDatabase } from '@colophon/postgres/testing'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { type ControlClient, createControlClient } from '../../src/control/client.ts'
import { servePidbox } from '../../src/control/pidbox.ts'
import { type Celery, createCelery } from '../../src/create-celery.ts'
import { captureEvents } from '../../src/events/capture.ts'
import type { CeleryEvent } from '../../src/events/event.ts'
import { createWorkerEvents } from '../../src/events/worker-events.ts'
import { urlOf } from '../postgres/support/places.ts'
import { FakeWorker, fakeRequest } from './support/fake-worker.ts'

// Python does not come by PostgreSQL: here both sides are of this package, each with an app and connections of its own.
let watcher: Celery
let worker: FakeWorker
let control: ControlClient
const stops: (() => Promise<unknown>)[] = []

beforeAll(async () => {
  const database = await createTestDatabase()
  stops.push(() => database.drop())
  const app = createCelery({ broker: urlOf(database) })
  stops.push(() => app.close())
  watcher = createCelery({ broker: urlOf(database) })
  stops.push(() => watcher.close())
  worker = new FakeWorker(app, await app.broker())
  const pidbox = await servePidbox(worker)
  stops.push(() => pidbox.stop())
  control = createControlClient(watcher)
  stops.push(() => control.close())
})

afterAll(async () => {
  for (const stop of stops.toReversed()) await stop()
})

test('workers are asked and told what to do', async () => {
  const options = { destination: worker.hostname, timeout: 10 }
  worker.activeRequests = [fakeRequest('a', { args: [1], startedAt: new Date() })]
  expect(await control.ping(options)).toEqual({ [worker.hostname]: { ok: 'pong' } })
  expect(await control.inspect.active(options)).toMatchObject({ [worker.hostname]: [{ id: 'a', args: [1] }] })
  await control.revoke('b', { ...options, reply: true })
  expect(await control.inspect.revoked(options)).toEqual({ [worker.hostname]: ['b'] })
  expect(await control.inspect.stats(options)).toMatchObject({
    [worker.hostname]: { broker: { transport: expect.stringContaining('postgres') } },
  })
})

test('an answer may be as large as many revoked ids', async () => {
  const ids = Array.from({ length: 1_000 }, (_, index) => `${index}`.padStart(36, '0'))
  const options = { destination: worker.hostname, reply: true, timeout: 20 }
  await control.revoke(ids, options)
  expect((await control.inspect.revoked(options))[worker.hostname]).toEqual(expect.arrayContaining(ids))
})

test('events are seen', async () => {
  const seen: CeleryEvent[] = []
  const watching = await captureEvents(watcher, (event) => void seen.push(event))
  const events = createWorkerEvents({ taskEvents: true })(worker)
  await events.start()
  events.received(fakeRequest('c'))
  events.succeeded('c', 3, 0.1)
  await events.stop()
  await vi.waitFor(() => expect(seen).toHaveLength(4), { timeout: 10_000 })
  expect(seen.map(({ type }) => type)).toEqual([
    'worker-online',
    'task-received',
    'task-succeeded',
    'worker-offline',
  ])
  await watching.stop()
})
