import { expect, test, vi } from 'vitest'
import { backoff } from '../../src/async/backoff.ts'
import { onceATurn } from '../../src/async/once-a-turn.ts'
import { pause } from '../../src/async/pause.ts'
import { Signal } from '../../src/async/signal.ts'
import { atMost, within } from '../../src/async/within.ts'

const never = new Promise<never>(() => undefined)

test('what is done in time is what comes of it, and no timer stays', async () => {
  vi.useFakeTimers()
  try {
    expect(await within(5, Promise.resolve(1))).toBe(1)
    await expect(within(5, Promise.reject(new Error('refused')))).rejects.toThrow('refused')
    await atMost(5, Promise.resolve(1))
    await expect(atMost(5, Promise.reject(new Error('refused')))).rejects.toThrow('refused')
    expect(vi.getTimerCount()).toBe(0)
  } finally {
    vi.useRealTimers()
  }
})

test('what is not done in time is waited for no longer', async () => {
  await expect(within(0.002, never)).rejects.toThrow('no answer within 0.002 s')
  await expect(within(0.002, never, () => new Error('too late'))).rejects.toThrow('too late')
  expect(await atMost(0.002, never)).toBeUndefined()
})

test('pauses between repeats grow up to a cap, with full jitter', () => {
  expect([0, 1, 2, 3].map((attempt) => backoff(attempt, () => 1))).toEqual([0.1, 0.2, 0.4, 0.8])
  expect(backoff(5_000, () => 1)).toBe(5)
  expect(backoff(5, () => 0)).toBe(0)
  const pauses = { first: 1, longest: 30 }
  expect([0, 1, 99].map((attempt) => backoff(attempt, () => 1, pauses))).toEqual([1, 2, 30])
})

test('a pause can be broken off by many who wait, for good', async () => {
  const stopping = new AbortController()
  expect(await pause(0.001, stopping.signal)).toBe(true)
  expect(await pause(0.001)).toBe(true)
  const waiting = [pause(60, stopping.signal), pause(60, stopping.signal)]
  stopping.abort()
  expect(await Promise.all(waiting)).toEqual([false, false])
  expect(await pause(60, stopping.signal)).toBe(false)
})

test('a signal that was set while nobody waited is not lost, and is good for once', async () => {
  const signal = new Signal()
  signal.set()
  expect(await signal.wait()).toBe(true)
  const waiting = signal.wait(60)
  signal.set()
  expect(await waiting).toBe(true)
  const start = performance.now()
  expect(await signal.wait(0.02)).toBe(false)
  expect(performance.now() - start).toBeGreaterThanOrEqual(19)
})

test('a signal that was cleared is for what comes after', async () => {
  const signal = new Signal()
  signal.set()
  signal.clear()
  expect(await signal.wait(0.001)).toBe(false)
})

test('what is asked for many times in a turn is done once, and again in the next', async () => {
  let done = 0
  const work = onceATurn(() => {
    done += 1
  })
  const turn = () => new Promise((resolve) => setImmediate(resolve))
  for (let i = 0; i < 3; i++) work()
  expect(done).toBe(0)
  await turn()
  expect(done).toBe(1)
  work()
  await turn()
  expect(done).toBe(2)
})
