import { setImmediate as turn } from 'node:timers/promises'
import { expect, onTestFinished, test, vi } from 'vitest'
import { CeleryError } from '../../src/errors.ts'
import { createApp, handBroker, handDelivery, recordLog, startWorker, task } from './support.ts'

/** A worker with a window of one, and so many messages for tomorrow that cannot be parked until they may. */
async function notParked(
  count: number,
  refusal = new CeleryError('BROKER_UNAVAILABLE', 'short of memory'),
  random = () => 1,
) {
  const broker = handBroker()
  const { log, lines } = recordLog()
  const app = createApp({ broker, log })
  task(app, 'later', () => 'ran')
  const { surface } = await startWorker(app, { concurrency: 1, prefetchMultiplier: 1, random })
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
  const state = { isShort: true, attempts: 0 }
  const eta = new Date(Date.now() + 86_400_000).toISOString()
  const deliveries = Array.from({ length: count }, (_, n) => {
    const delivery = handDelivery({ task: 'later', id: `later-${n}`, eta })
    const park = delivery.delay
    delivery.delay = async (...args) => {
      state.attempts++
      if (state.isShort) throw refusal
      await park(...args)
    }
    return delivery
  })
  for (const delivery of deliveries) broker.deliver(delivery)
  await settling()
  const warnings = () => lines.filter(({ message }) => message.includes('could not be parked'))
  return { surface, state, deliveries, warnings }
}

/** The window follows in the next turn of the event loop. */
async function settling(): Promise<void> {
  await turn()
  await turn()
}

test('what cannot be parked takes no place of what is due, and is parked as soon as that can be', async () => {
  const { surface, state, deliveries, warnings } = await notParked(3)
  expect(surface.prefetch).toBe(4)
  expect(surface.scheduled().length).toBe(3)

  await vi.advanceTimersByTimeAsync(10_000)
  expect(surface.prefetch).toBe(4)
  state.isShort = false
  await vi.advanceTimersByTimeAsync(19_999)
  expect(deliveries.flatMap(({ settled }) => settled)).toEqual([])
  await vi.advanceTimersByTimeAsync(1)
  await settling()
  expect(deliveries.map(({ settled }) => settled)).toEqual([['delay'], ['delay'], ['delay']])
  expect(surface.prefetch).toBe(1)
  expect(surface.scheduled().length).toBe(3)
  expect(warnings().map(({ level }) => level)).toEqual(['warn', 'warn', 'warn', 'debug', 'debug', 'debug'])
})

test('what cannot be parked is offered less and less often, and not all at once', async () => {
  const { state } = await notParked(1, undefined, () => 0)
  for (const seconds of [5, 10, 20, 30, 30]) {
    const before = state.attempts
    await vi.advanceTimersByTimeAsync(seconds * 1_000 - 1)
    expect(state.attempts).toBe(before)
    await vi.advanceTimersByTimeAsync(1)
    expect(state.attempts).toBe(before + 1)
  }
})

test('what will never be parked is held until its time, and that is an error', async () => {
  const { state, surface, warnings } = await notParked(2, new CeleryError('UNSUPPORTED', 'no right to that'))
  await vi.advanceTimersByTimeAsync(3_600_000)
  expect(state.attempts).toBe(2)
  expect(warnings().map(({ level }) => level)).toEqual(['error', 'error'])
  expect(surface.scheduled().length).toBe(2)
})

test('what is revoked while it is held for want of parking is not parked later', async () => {
  const { surface, state, deliveries } = await notParked(1)
  await surface.revoke(['later-0'], { terminate: false, signal: 'TERM' })
  await settling()
  state.isShort = false
  await vi.advanceTimersByTimeAsync(20_000)
  expect(deliveries.map(({ settled }) => settled)).toEqual([['ack']])
  expect(surface.prefetch).toBe(1)
})

/** A message for tomorrow that the broker is being asked to park, and says neither yes nor no. */
async function beingParked(now = () => new Date()) {
  const broker = handBroker()
  const { log, lines } = recordLog()
  const app = createApp({ broker, log, now })
  let runs = 0
  task(app, 'later', () => ++runs)
  const worker = await startWorker(app)
  const eta = new Date(Date.now() + 86_400_000).toISOString()
  const delivery = handDelivery({ task: 'later', id: 'later', eta })
  const { settled, requeue } = delivery
  const asked = Promise.withResolvers<void>()
  let isAsked = true
  delivery.delay = async () => {
    await asked.promise.finally(() => {
      isAsked = false
    })
    settled.push('delay')
  }
  // As the brokers do: while that is open, nothing else is done with it.
  delivery.requeue = async () => {
    if (!isAsked) await requeue()
  }
  broker.deliver(delivery)
  const refuse = () => asked.reject(new CeleryError('BROKER_UNAVAILABLE', 'short of memory'))
  const again = () => {
    const back = handDelivery({ task: 'later', id: 'later', eta })
    broker.deliver(back)
    return back
  }
  return { worker, settled, lines, take: asked.resolve, refuse, again, runs: () => runs }
}

test.each([
  { what: 'goes back when it cannot be', isTaken: false, end: 'requeue' },
  { what: 'is left there when it is taken', isTaken: true, end: 'delay' },
])('what is being parked when the worker is stopped cold $what', async ({ isTaken, end }) => {
  const { worker, settled, lines, take, refuse } = await beingParked()
  void worker.stop({ mode: 'cold' })
  // A second call waits for nothing.
  await worker.stop()
  expect(settled).toEqual([])
  if (isTaken) take()
  else refuse()
  await turn()
  expect(settled).toEqual([end])
  expect(lines.filter(({ message }) => message.includes('cut off'))).toEqual([])
})

test('what is revoked while it is being parked ends so when it cannot be', async () => {
  const { worker, settled, refuse } = await beingParked()
  await worker.surface.revoke(['later'], { terminate: false, signal: 'TERM' })
  expect(worker.surface.scheduled().length).toBe(1)
  refuse()
  await settling()
  expect(settled).toEqual(['ack'])
  expect(worker.surface.scheduled()).toEqual([])
})

test('what is revoked while it is being parked is still revoked when its time comes', async () => {
  const clock = { now: new Date() }
  const { worker, settled, take, again, runs } = await beingParked(() => clock.now)
  await worker.surface.revoke(['later'], { terminate: false, signal: 'TERM' })
  take()
  await settling()
  clock.now = new Date(clock.now.getTime() + 86_400_000)
  const back = again()
  await settling()
  expect(settled).toEqual(['delay'])
  expect(back.settled).toEqual(['ack'])
  expect(runs()).toBe(0)
})
