import { expect, onTestFinished, test } from 'vitest'
import { createWorker as createPublicWorker } from '../../src/create-worker.ts'
import { CeleryError } from '../../src/errors.ts'
import type { WorkerOptions } from '../../src/worker/options.ts'
import { createWorker } from '../../src/worker/worker.ts'
import { createApp, depthOf, handBroker, task } from './support.ts'

/** A worker whose broker is not there at first. */
function setUp(options: WorkerOptions = {}) {
  const broker = handBroker()
  const open = broker.open
  const state = { opened: 0, isAway: true }
  broker.open = async () => {
    state.opened += 1
    if (state.isAway) throw new CeleryError('BROKER_UNAVAILABLE', 'not yet')
    await open()
  }
  const app = createApp({ broker })
  task(app, 'runs', () => 'ran')
  const worker = createWorker(app, options)
  onTestFinished(() => worker.stop({ mode: 'cold' }))
  return { app, worker, state }
}

test('a worker whose start failed for want of a broker starts once that is there', async () => {
  const { app, worker, state } = setUp()
  const failed = worker.done
  await expect(worker.start()).rejects.toMatchObject({ code: 'BROKER_UNAVAILABLE' })
  await failed
  await worker.done
  await expect(worker.start()).rejects.toMatchObject({ code: 'BROKER_UNAVAILABLE' })
  expect(state.opened).toBe(2)
  state.isAway = false
  await Promise.all([worker.start(), worker.start()])
  expect(state.opened).toBe(3)
  expect(await (await app.send('runs')).get()).toBe('ran')

  let isDone = false
  const done = worker.done.then(() => {
    isDone = true
  })
  await new Promise(setImmediate)
  expect(isDone).toBe(false)
  await worker.stop()
  await done
})

test('what a failed start had begun is undone, once, and begun anew by the next', async () => {
  const told: string[] = []
  let isRefused = true
  const { app, worker, state } = setUp({
    services: [
      async () => {
        told.push('begun')
        return { stop: async () => void told.push('ended') }
      },
      async () => {
        if (isRefused) throw new CeleryError('UNSUPPORTED', 'refused')
        return { stop: async () => undefined }
      },
    ],
  })
  state.isAway = false
  await expect(worker.start()).rejects.toMatchObject({ code: 'UNSUPPORTED' })
  expect(told).toEqual(['begun', 'ended'])
  expect(() => worker.surface).toThrow(/has not started/)
  await worker.done
  isRefused = false
  await worker.start()
  expect(await (await app.send('runs')).get()).toBe('ran')
  await worker.stop()
  expect(told).toEqual(['begun', 'ended', 'begun', 'ended'])
})

test('a worker that was told to stop does not start, and connects to nothing', async () => {
  const { app, worker, state } = setUp()
  state.isAway = false
  await worker.stop()
  await worker.done
  await expect(worker.start()).rejects.toMatchObject({ code: 'CLOSED' })
  await worker.done
  expect(state.opened).toBe(0)
  await app.send('runs')
  expect(await depthOf(app)).toBe(1)
})

test('a worker that has run and stopped does not start again, and says so', async () => {
  const { worker, state } = setUp()
  state.isAway = false
  await worker.start()
  await worker.stop()
  await expect(worker.start()).rejects.toMatchObject({ code: 'CLOSED' })
  await worker.done
})

test('options that are undefined are as if they were not given', async () => {
  const app = createApp()
  const options: object = { events: undefined, services: undefined, metrics: undefined, taskEvents: true }
  const worker = createPublicWorker(app, options)
  onTestFinished(() => worker.stop())
  await worker.start()
  expect(worker.surface.eventsEnabled).toBe(true)
})
