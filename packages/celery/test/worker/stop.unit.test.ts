import { expect, test } from 'vitest'
import { createWorker, type Worker } from '../../src/worker/worker.ts'
import {
  createApp,
  demandingResults,
  depthOf,
  lettersOf,
  metaOf,
  recordEvents,
  recordLog,
  startWorker,
  task,
  until,
} from './support.ts'

function blocked(app: ReturnType<typeof createApp>, ack: 'early' | 'late' = 'late') {
  const gate = Promise.withResolvers<void>()
  const signals: AbortSignal[] = []
  const run = async (_input: unknown, { signal }: { signal: AbortSignal }) => {
    signals.push(signal)
    await gate.promise
    return 'finished'
  }
  return { blocked: task(app, 'blocked', run, { ack }), gate, signals }
}

test('a warm stop finishes what runs and gives back the rest in its order', async () => {
  const app = createApp()
  const { events, told } = recordEvents()
  const { blocked: send, gate } = blocked(app)
  const order: unknown[] = []
  task(app, 'ordered', ({ n }) => order.push(n))
  const worker = await startWorker(app, { concurrency: 1, events })
  const running = await send.send({})
  await until(() => worker.surface.active().length === 1)
  for (let n = 0; n < 5; n++) await app.send('ordered', { kwargs: { n } })
  await until(() => worker.surface.reserved().length === 3)
  const stopping = worker.stop()
  await until(async () => (await depthOf(app)) === 5, 'the waiting ones to be back')
  expect(worker.surface.active().length).toBe(1)
  gate.resolve()
  await stopping
  await worker.done
  expect(await running.get()).toBe('finished')
  expect(told.at(-1)).toEqual(['offline'])
  await startWorker(app, { concurrency: 1 })
  await until(() => order.length === 5)
  expect(order).toEqual([0, 1, 2, 3, 4])
})

test('a warm stop that takes too long turns cold: late ones go back, early ones have failed', async () => {
  const app = createApp()
  const late = blocked(app)
  const early = { signals: [] as AbortSignal[] }
  task(app, 'early', async (_input, { signal }) => {
    early.signals.push(signal)
    await late.gate.promise
  })
  const worker = await startWorker(app)
  const lateResult = await late.blocked.send({})
  const earlyResult = await app.send('early')
  await until(() => worker.surface.active().length === 2)
  await worker.stop({ timeout: 0.1 })
  expect(late.signals[0]?.reason).toMatchObject({ type: 'WorkerShutdown' })
  expect(early.signals[0]?.aborted).toBe(true)
  expect(await depthOf(app)).toBe(1)
  await expect(earlyResult.get()).rejects.toMatchObject({ type: 'WorkerLostError' })
  expect(await metaOf(app, lateResult.id)).toBeUndefined()
  late.gate.resolve()
  await startWorker(app)
  expect(await lateResult.get()).toBe('finished')
})

test('a cold stop may be soft; a second call makes a warm one cold', async () => {
  const app = createApp()
  const { blocked: send, gate } = blocked(app)
  const soft = await startWorker(app, { softShutdownTimeout: 10 })
  const first = await send.send({})
  await until(() => soft.surface.active().length === 1)
  const stopping = soft.stop({ mode: 'cold' })
  gate.resolve()
  await stopping
  expect(await first.get()).toBe('finished')

  const app2 = createApp()
  const second = blocked(app2)
  const worker = await startWorker(app2)
  await second.blocked.send({})
  await until(() => worker.surface.active().length === 1)
  worker.surface.shutDown()
  await worker.stop()
  await worker.done
  expect(await depthOf(app2)).toBe(1)
})

test('a third stop waits for nothing, a store that hangs among it', { timeout: 4_000 }, async () => {
  const results = await demandingResults()
  const app = createApp({ results })
  const { blocked: send } = blocked(app, 'early')
  const worker = await startWorker(app, { softShutdownTimeout: 30 })
  await send.send({})
  await until(() => worker.surface.active().length === 1)
  const told = Promise.withResolvers<void>()
  results.store = () => {
    told.resolve()
    return new Promise(() => {})
  }
  const stopping = [worker.stop(), worker.stop(), worker.stop()]
  await told.promise
  await Promise.all(stopping)
})

test('a warm stop waits for outcomes that cannot be written yet; a cold one gives them back', async () => {
  const results = await demandingResults()
  const app = createApp({ results })
  task(app, 'late', () => 'kept', { ack: 'late' })
  const worker = await startWorker(app)
  results.failures = 1
  const first = await app.send('late')
  await until(() => results.calls.length === 1)
  await worker.stop()
  expect(await metaOf(app, first.id)).toMatchObject({ status: 'SUCCESS' })
  expect(await depthOf(app)).toBe(0)

  const next = await startWorker(app)
  results.failures = 1_000
  const second = await app.send('late')
  await until(() => results.calls.length > 2)
  await next.stop({ mode: 'cold' })
  expect(await depthOf(app)).toBe(1)
  results.failures = 0
  await startWorker(app)
  expect(await second.get()).toBe('kept')
})

test('a worker that cannot start says why, and one that was stopped does not start', async () => {
  const app = createApp()
  task(app, 'cpu', () => 1, { runOn: 'thread' })
  const worker = createWorker(app)
  await expect(worker.start()).rejects.toMatchObject({
    code: 'BAD_OPTION',
    message: expect.stringMatching(/option module/),
  })
  await worker.done
  const stopped = createWorker(createApp())
  await stopped.stop()
  await stopped.done
  await expect(stopped.start()).rejects.toMatchObject({ code: 'CLOSED' })
})

test('a stop while it starts undoes what was begun', async () => {
  const app = createApp()
  const life: string[] = []
  const worker = createWorker(app, {
    services: [
      async (surface) => {
        surface.shutDown()
        return { stop: async () => void life.push('first ended') }
      },
      async () => {
        life.push('second begun')
        return { stop: async () => undefined }
      },
    ],
  })
  await expect(worker.start()).rejects.toMatchObject({ code: 'CLOSED' })
  await worker.done
  expect(life).toEqual(['first ended'])
})

test('services live as long as the worker', async () => {
  const app = createApp()
  const life: string[] = []
  const service = async ({ hostname }: { hostname: string }) => {
    life.push(`begun on ${hostname}`)
    return { stop: async () => void life.push('ended') }
  }
  const worker = await startWorker(app, { services: [service], hostname: 'w%%@here' })
  expect(life).toEqual(['begun on w%@here'])
  await worker.stop()
  expect(life).toEqual(['begun on w%@here', 'ended'])
})

test('an error that nobody caught ends its task as one that lost its worker, and the worker cold', async () => {
  const { log, lines } = recordLog()
  const app = createApp({ log })
  const failed = Promise.withResolvers<void>()
  const { blocked: bystander } = blocked(app)
  task(
    app,
    'strays',
    async () => {
      // As Node's event: in the context of what threw.
      setImmediate(() => worker.stopFor(new RangeError('stray')).then(failed.resolve, failed.reject))
      await new Promise(() => {})
    },
    { ack: 'late' },
  )
  const worker: Worker = await startWorker(app, { maxDeliveries: 2 })
  const innocent = await bystander.send({})
  await until(() => worker.surface.active().length === 1)
  const result = await app.send('strays')
  await failed.promise
  await worker.done
  expect(lines.find(({ message }) => message.startsWith('the worker ends for'))).toMatchObject({
    level: 'error',
    fields: { id: result.id, task: 'strays', traceback: expect.stringContaining('stray') },
  })
  expect(await metaOf(app, innocent.id)).toBeUndefined()
  // The one is back at once, the other comes a second later, with the loss in a header.
  expect(await depthOf(app)).toBe(1)
  const next = await startWorker(app, { maxDeliveries: 2 })
  await until(() => next.surface.active().some(({ message }) => message.headers.task_losses === 1))
})

test('an error of a task that has ended, or of none, may be that of any task that runs', async () => {
  const { log, lines } = recordLog()
  const app = createApp({ log })
  const { blocked: send } = blocked(app)
  const [gate, stopped] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  task(app, 'leaves', () => {
    gate.promise.then(() => worker.stopFor('stray')).then(stopped.resolve, stopped.reject)
  })
  const worker: Worker = await startWorker(app, { maxDeliveries: 1 })
  const sent = [await send.send({}), await send.send({})]
  const left = await app.send('leaves')
  await left.get()
  await until(() => worker.surface.active().length === 2)
  gate.resolve()
  await Promise.all([stopped.promise, gate.promise.then(() => worker.stopFor('again'))])
  const told = lines
    .filter(({ message }) => message.startsWith('the worker ends'))
    .map(({ fields }) => fields)
  const running = sent.map(({ id }) => ({ id, task: 'blocked' }))
  expect(told).toEqual([
    expect.objectContaining({ id: left.id, task: 'leaves', running, count: 2 }),
    expect.objectContaining({ running: [], count: 0 }),
  ])
  expect((await lettersOf(app)).map(({ reason }) => reason)).toEqual(['worker_lost', 'worker_lost'])
})
