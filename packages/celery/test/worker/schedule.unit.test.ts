import { expect, test } from 'vitest'
import { createMemoryBroker } from '../../src/brokers/memory/index.ts'
import type { Broker } from '../../src/brokers/port.ts'
import { Consumers } from '../../src/worker/consumers.ts'
import {
  createApp,
  depthOf,
  handBroker,
  handDelivery,
  lettersOf,
  metaOf,
  recordEvents,
  recordLog,
  startWorker,
  task,
  until,
} from './support.ts'

test('what is due much later is parked at the broker, out of the window, and shown', async () => {
  const app = createApp()
  task(app, 'later', () => 'ran')
  task(app, 'now', () => 'ran')
  const { surface } = await startWorker(app, { concurrency: 1, prefetchMultiplier: 1 })
  const eta = new Date(Date.now() + 3_600_000)
  const parked = await app.send('later', { args: [] }, { eta })
  await app.send('later', {}, { countdown: 7_200 })
  await app.send('later', {}, { countdown: 7_200 })
  expect(await (await app.send('now')).get()).toBe('ran')
  await until(() => surface.scheduled().length === 3, 'three that are scheduled')
  const [first] = surface.scheduled()
  expect(first?.eta).toEqual(eta)
  expect(first?.request.message.headers.id).toBe(parked.id)
  expect(surface.reserved()).toEqual([])
  expect(surface.totals()).toEqual({ now: 1 })
})

test('what is parked runs in its time, not before', async () => {
  const app = createApp()
  const at: number[] = []
  task(app, 'soon', (_input, { eta }) => {
    at.push(Date.now())
    return eta?.getTime()
  })
  const { surface } = await startWorker(app)
  const short = await app.send('soon', {}, { countdown: 0.2 })
  const long = await app.send('soon', {}, { countdown: 2 })
  const [dueShort, dueLong] = [await short.get(), await long.get()] as [number, number]
  expect(at[0]).toBeGreaterThanOrEqual(dueShort - 1)
  expect(at[1]).toBeGreaterThanOrEqual(dueLong - 1)
  expect(surface.scheduled()).toEqual([])
})

test('with holdEta it is held here, and the window is wider meanwhile', async () => {
  const app = createApp()
  task(app, 'later', () => 'ran')
  task(app, 'now', () => 'ran')
  const worker = await startWorker(app, { concurrency: 1, prefetchMultiplier: 1, holdEta: true })
  for (let i = 0; i < 3; i++) await app.send('later', {}, { countdown: 3_600 })
  await until(() => worker.surface.prefetch === 4, 'a wider window')
  expect(worker.surface.scheduled().length).toBe(3)
  expect(await (await app.send('now')).get()).toBe('ran')
  await worker.stop()
  expect(await depthOf(app)).toBe(3)
})

test("a task is parked for as long as is left by the app's clock", async () => {
  const broker = handBroker()
  const app = createApp({ broker, now: () => new Date('2030-01-01T00:00:00Z') })
  task(app, 'later', () => 1)
  await startWorker(app)
  const delivery = handDelivery({ task: 'later', id: 'later', eta: '2030-01-01T00:01:00Z' })
  const before = Date.now()
  broker.deliver(delivery)
  await until(() => delivery.delayed !== undefined)
  const wait = (delivery.delayed?.until.getTime() ?? 0) - before
  expect(wait).toBeGreaterThanOrEqual(60_000)
  expect(wait).toBeLessThan(70_000)
})

test('what has expired is not run', async () => {
  let now = Date.now()
  const app = createApp({ now: () => new Date(now) })
  const { events, told } = recordEvents()
  let runs = 0
  task(app, 'stale', () => {
    runs += 1
  })
  const expired = await app.send('stale', {}, { expires: 60 })
  now += 61_000
  await startWorker(app, { events })
  await expect(expired.get()).rejects.toMatchObject({ type: 'TaskRevokedError', message: 'expired' })
  expect(await metaOf(app, expired.id)).toMatchObject({ status: 'REVOKED' })
  expect(told).toContainEqual(['revoked', expired.id, { terminated: false, signum: null, expired: true }])
  expect(runs).toBe(0)
  expect(await lettersOf(app)).toEqual([])
})

test('a revoked task does not run, whether it waits, is held, or comes later', async () => {
  const app = createApp()
  const gate = Promise.withResolvers<void>()
  task(app, 'waits', () => gate.promise)
  const { surface } = await startWorker(app, { concurrency: 1 })
  const first = await app.send('waits')
  const waiting = await app.send('waits')
  const held = await app.send('waits', {}, { countdown: 1.2 })
  const later = '11111111-1111-4111-8111-111111111111'
  await until(() => surface.reserved().length === 1 && surface.scheduled().length === 1)
  expect(await surface.revoke([waiting.id, held.id, later], { terminate: false, signal: 'TERM' })).toEqual([])
  for (const result of [waiting, held]) {
    await expect(result.get()).rejects.toMatchObject({ type: 'TaskRevokedError', message: 'revoked' })
  }
  await expect((await app.send('waits', {}, { taskId: later })).get()).rejects.toMatchObject({
    message: 'revoked',
  })
  expect(surface.revoked()).toContain(later)
  gate.resolve()
  await first.get()
  expect(surface.scheduled()).toEqual([])
  expect(await surface.revoke([first.id], { terminate: true, signal: 'TERM' })).toEqual([])
})

test('terminate aborts what runs, by id and by header', async () => {
  const app = createApp()
  const { events, told } = recordEvents()
  const reasons: unknown[] = []
  task(app, 'runs', async (_input, { signal }) => {
    await new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => {
        reasons.push(signal.reason.message)
        resolve()
      })
    })
    return 'too late'
  })
  const { surface } = await startWorker(app, { events })
  const byId = await app.send('runs')
  const byHeader = await app.send('runs', {}, { headers: { tenant: 't1' } })
  const other = await app.send('runs', {}, { headers: { tenant: 't2' } })
  await until(() => surface.active().length === 3)
  expect(await surface.revoke([byId.id], { terminate: false, signal: 'TERM' })).toEqual([byId.id])
  expect(surface.active().length).toBe(3)
  expect(await surface.revoke([byId.id], { terminate: true, signal: 'SIGKILL' })).toEqual([byId.id])
  const found = await surface.revokeByHeaders({ tenant: ['t1'] }, { terminate: true, signal: 'TERM' })
  expect(found).toEqual([byHeader.id])
  for (const result of [byId, byHeader]) {
    await expect(result.get()).rejects.toMatchObject({ type: 'TaskRevokedError', message: 'terminated' })
  }
  expect(reasons).toEqual(['terminated', 'terminated'])
  expect(told).toContainEqual(['revoked', byId.id, { terminated: true, signum: 9, expired: false }])
  expect(surface.active().map(({ message }) => message.headers.id)).toEqual([other.id])
})

test('a rate limit holds tasks back, and can be lifted', async () => {
  const app = createApp()
  task(app, 'limited', () => 1, { rateLimit: '1/h' })
  task(app, 'free', () => 1)
  const { surface } = await startWorker(app)
  expect(surface.rateLimit('limited')).toBe('1/h')
  const results = [await app.send('limited'), await app.send('limited'), await app.send('limited')]
  await results[0]?.get()
  expect(await (await app.send('free')).get()).toBe(1)
  expect(surface.reserved().length).toBe(2)
  expect(() => surface.setRateLimit('limited', 'often')).toThrow(/no rate limit/)
  surface.setRateLimit('limited', undefined)
  expect(await Promise.all(results.map((result) => result.get()))).toEqual([1, 1, 1])
})

test('queues come and go as it runs', async () => {
  const app = createApp()
  task(app, 'anywhere', (_input, { queue }) => queue)
  const { surface } = await startWorker(app, { queues: ['a'] })
  const onB = await app.send('anywhere', {}, { queue: 'b' })
  await surface.addQueue({ name: 'b' })
  expect(await onB.get()).toBe('b')
  expect(surface.queues().map(({ name }) => name)).toEqual(['a', 'b'])
  expect(await surface.cancelQueue('b')).toBe(true)
  expect(await surface.cancelQueue('b')).toBe(false)
  await app.send('anywhere', {}, { queue: 'b' })
  expect(await (await app.send('anywhere', {}, { queue: 'a' })).get()).toBe('a')
  expect(await depthOf(app, 'b')).toBe(1)
})

test('a queue that is added while the prefetch changes has the new one', async () => {
  let window = 1
  const told: [string, number][] = []
  const added = Promise.withResolvers<void>()
  const consume: Broker['consume'] = async ({ name }, { prefetch }) => {
    told.push([name, prefetch])
    await added.promise
    return { setPrefetch: async (changed) => void told.push([name, changed]), cancel: async () => undefined }
  }
  const broker = Object.assign(Object.create(createMemoryBroker()) as Broker, { consume })
  const { log } = recordLog()
  const consumers = new Consumers({ broker, log, onDelivery: () => undefined, window: () => window })
  const adding = consumers.add({ name: 'a' })
  window = 7
  await consumers.updatePrefetch()
  added.resolve()
  await adding
  expect(told).toEqual([
    ['a', 1],
    ['a', 7],
  ])
})
