import { expect, test } from 'vitest'
import { chain, chord } from '../../src/canvas/build.ts'
import { CeleryError } from '../../src/errors.ts'
import { noMetrics } from '../../src/worker/metrics.ts'
import { receive } from '../../src/worker/receive.ts'
import { ThreadPool } from '../../src/worker/threads/pool.ts'
import { insideOf } from './inside.ts'
import {
  createApp,
  demandingResults,
  depthOf,
  handBroker,
  handDelivery,
  metaOf,
  recordEvents,
  recordLog,
  startWorker,
  task,
  until,
} from './support.ts'

const isDown = () => Promise.reject(new CeleryError('RESULTS_UNAVAILABLE', 'the store is down'))
const hangs = () => new Promise<never>(() => {})

test.each([
  { what: 'task', how: 'is down', store: isDown },
  { what: 'task', how: 'hangs', store: hangs },
  { what: 'step of a chain', how: 'is down', store: isDown },
  { what: 'part of a chord', how: 'is down', store: isDown },
])(
  'of an early $what that is cut off, errback and events hear while the result store $how',
  async ({ what, store }) => {
    const results = await demandingResults()
    const app = createApp({ results })
    task(app, 'early', () => new Promise(() => {}))
    const { events, told } = recordEvents()
    const worker = await startWorker(app, { events })
    await (await app.broker()).declare({ name: 'errors' })
    const early = app.signature('early').linkError(app.signature('errback', {}, { queue: 'errors' }))
    const next = app.signature('next')
    if (what === 'task') await early.send()
    else if (what === 'step of a chain') await chain(early, next).send()
    else await chord([early, app.signature('other', {}, { queue: 'errors' })], next).send()
    await until(() => worker.surface.active().length === 1)
    const before = await depthOf(app, 'errors')
    const id = worker.surface.active()[0]?.message.headers.id
    results.store = store
    results.addChordPart = store
    await worker.stop({ mode: 'cold' })
    expect(await depthOf(app, 'errors')).toBe(before + 1)
    expect(told.slice(-2)).toEqual([['failed', id, 'WorkerLostError'], ['offline']])
  },
)

test("events hear of an early task that a mistake in the worker's own code ended", async () => {
  const app = createApp()
  task(app, 'early', () => 1)
  const { events, told } = recordEvents()
  const started = () => {
    throw new TypeError('a mistake')
  }
  const worker = await startWorker(app, { events, metrics: { ...noMetrics, started } })
  const { id } = await app.send('early')
  await until(() => told.some(([type]) => type === 'failed'))
  expect(told.at(-1)).toEqual(['failed', id, 'TypeError'])
  await worker.stop()
  expect(await metaOf(app, id)).toMatchObject({ status: 'FAILURE', result: { exc_type: 'TypeError' } })
})

test('and its failure is kept, though the result store is away for a while', async () => {
  const results = await demandingResults()
  const app = createApp({ results })
  task(app, 'early', () => 1)
  const started = () => {
    throw new TypeError('a mistake')
  }
  await startWorker(app, { metrics: { ...noMetrics, started } })
  results.failures = 1
  const { id } = await app.send('early')
  await until(async () => (await metaOf(app, id)) !== undefined, 'the failure to be kept')
  expect(await metaOf(app, id)).toMatchObject({ status: 'FAILURE', result: { exc_type: 'TypeError' } })
})

test.each([
  [true, 'FAILURE'],
  [false, undefined],
])(
  'what is cut off before it is known to be acknowledged has failed only if it is: %s',
  async (isOut, status) => {
    const broker = handBroker()
    const { events, told } = recordEvents()
    const app = createApp({ broker })
    task(app, 'early', () => 1)
    const worker = await startWorker(app, { events })
    const acknowledged = Promise.withResolvers<boolean>()
    const delivery = handDelivery({ task: 'early', id: 't1' })
    delivery.ackFirst = () => acknowledged.promise
    broker.deliver(delivery)
    await until(() => worker.surface.active().length === 1)
    const stopping = worker.stop({ mode: 'cold' })
    await until(() => worker.surface.active().length === 0)
    delivery.isLost = !isOut
    acknowledged.resolve(isOut)
    await stopping
    expect((await metaOf(app, 't1'))?.status).toBe(status)
    expect(told.filter(([type]) => type === 'failed').length).toBe(isOut ? 1 : 0)
  },
)

test('and nobody is told while its broker does not answer', { timeout: 15_000 }, async () => {
  const broker = handBroker()
  const { events, told } = recordEvents()
  const app = createApp({ broker })
  task(app, 'early', () => 1)
  const worker = await startWorker(app, { events })
  const delivery = handDelivery({ task: 'early', id: 't1' })
  delivery.ackFirst = () => new Promise(() => {})
  broker.deliver(delivery)
  await until(() => worker.surface.active().length === 1)
  const stopping = worker.stop({ mode: 'cold' })
  await until(() => worker.surface.active().length === 0)
  // No longer waited for.
  await worker.stop()
  await stopping
  expect(await metaOf(app, 't1')).toBeUndefined()
  expect(told.filter(([type]) => type === 'failed')).toEqual([])
})

/** A pool whose thread tells that it has begun when the test says so. */
class LatePool extends ThreadPool {
  readonly begun = Promise.withResolvers<() => void>()

  override run(...[, , , onStarted]: Parameters<ThreadPool['run']>): ReturnType<ThreadPool['run']> {
    this.begun.resolve(onStarted)
    return new Promise(() => {})
  }
}

test('a thread that begins as its task is over arms no limits', async () => {
  const { log } = recordLog()
  const app = createApp({ log })
  task(app, 'limited', () => 1, { timeLimit: 60, softTimeLimit: 30 })
  const { runtime, surface } = await insideOf(app)
  const threads = new LatePool({ module: 'none', threads: 1, memory: undefined, log })
  Object.assign(runtime, { threads })
  receive(runtime, handDelivery({ task: 'limited', id: 't1' }))
  const begin = await threads.begun.promise
  const [request] = runtime.requests
  await surface.revoke(['t1'], { terminate: true, signal: 'TERM' })
  await until(() => runtime.requests.size === 0)
  begin()
  expect([request?.timer, request?.hardTimer]).toEqual([undefined, undefined])
})
