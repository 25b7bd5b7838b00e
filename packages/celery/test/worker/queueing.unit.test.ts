import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { Fifo } from '../../src/worker/queueing/fifo.ts'
import { parseRate, TokenBucket } from '../../src/worker/queueing/rate-limit.ts'
import { RateLimiter } from '../../src/worker/queueing/rate-limiter.ts'
import { Recent } from '../../src/worker/queueing/recent.ts'
import { Revocations } from '../../src/worker/queueing/revocations.ts'
import { RevokedIds } from '../../src/worker/queueing/revoked.ts'
import { Slots } from '../../src/worker/queueing/slots.ts'
import { retryDelay } from '../../src/worker/run/retry-delay.ts'

beforeEach(() => {
  vi.useFakeTimers({ now: 0 })
})
afterEach(() => {
  vi.useRealTimers()
})

test('first in, first out, over many and with some taken out', () => {
  const fifo = new Fifo<number>()
  for (let i = 0; i < 5_000; i++) fifo.push(i)
  expect(fifo.remove(3_000)).toBe(true)
  expect(fifo.remove(9_999)).toBe(false)
  const out: number[] = []
  for (let next = fifo.shift(); next !== undefined; next = fifo.shift()) out.push(next)
  expect(out).toEqual(Array.from({ length: 5_000 }, (_, i) => i).filter((i) => i !== 3_000))
  fifo.push(7)
  expect(fifo.peek()).toBe(7)
  expect(fifo.take()).toEqual([7])
  expect(fifo.size).toBe(0)
})

test('slots start as many as fit, in order, and grow', () => {
  const started: string[] = []
  const slots = new Slots<string>({ limit: 2, ending: 4, start: (item) => started.push(item) })
  for (const item of ['a', 'b', 'c', 'd', 'e']) slots.enter(item)
  expect(started).toEqual(['a', 'b'])
  slots.release()
  expect(started).toEqual(['a', 'b', 'c'])
  slots.limit = 3
  slots.fill()
  expect(started).toEqual(['a', 'b', 'c', 'd'])
  slots.limit = 1
  slots.release()
  slots.release()
  expect(slots.used).toBe(1)
  expect(slots.takeWaiting()).toEqual(['e'])
})

test('a slot is free for the next while an end is written, of which there are only so many', () => {
  const started: string[] = []
  const slots = new Slots<string>({ limit: 1, ending: 2, start: (item) => started.push(item) })
  for (const item of ['a', 'b', 'c', 'd']) slots.enter(item)
  expect(started).toEqual(['a'])
  slots.ran()
  slots.ran()
  expect(started).toEqual(['a', 'b'])
  slots.written()
  expect(started).toEqual(['a', 'b', 'c'])
  slots.release()
  expect(started).toEqual(['a', 'b', 'c', 'd'])
})

test('tasks that compute leave the event loop its turn', async () => {
  vi.useFakeTimers({ toFake: ['performance'] })
  let done = 0
  const slots: Slots<number> = new Slots<number>({
    limit: 1,
    ending: 4,
    start() {
      done += 1
      vi.advanceTimersByTime(15)
      slots.release()
    },
  })
  slots.limit = 0
  for (let i = 0; i < 4; i++) slots.enter(i)
  slots.limit = 1
  slots.fill()
  expect(done).toBe(2)
  await new Promise((resolve) => setImmediate(resolve))
  expect(done).toBe(4)
})

test('what ends at once does not pile up calls', () => {
  let done = 0
  const slots: Slots<number> = new Slots<number>({
    limit: 1,
    ending: 4,
    start() {
      done += 1
      slots.release()
    },
  })
  slots.limit = 0
  for (let i = 0; i < 50_000; i++) slots.enter(i)
  slots.limit = 1
  slots.fill()
  expect(done).toBe(50_000)
})

test.each([
  ['10/s', 10],
  ['100/m', 100 / 60],
  ['1000/h', 1000 / 3600],
  ['5', 5],
  ['0.5/s', 0.5],
  ['0', undefined],
  ['', undefined],
  [undefined, undefined],
])('the rate %s is %s a second', (text, rate) => {
  expect(parseRate(text)).toBe(rate)
})

test.each(['ten/s', '10/d', '-1/s', '10/s/s', '1e3/s'])('%s is no rate', (text) => {
  expect(() => parseRate(text)).toThrow(expect.objectContaining({ code: 'BAD_OPTION' }))
})

test('a long text is no rate, soon and in few words', () => {
  const text = `1${' '.repeat(40_000)}x`
  const began = performance.now()
  expect(() => parseRate(text)).toThrow(/^"1 {59}\.\.\." is no rate limit/)
  expect(performance.now() - began).toBeLessThan(1_000)
})

test('a bucket gives one token at once and then as many as the rate says, saving none up', () => {
  const bucket = new TokenBucket(2, 0)
  expect(bucket.tryTake(0)).toBe(true)
  expect(bucket.tryTake(0.4)).toBe(false)
  expect(bucket.wait(0.4)).toBeCloseTo(0.1)
  expect(bucket.tryTake(0.5)).toBe(true)
  expect(bucket.tryTake(100)).toBe(true)
  expect(bucket.tryTake(100)).toBe(false)
})

test('a limiter spreads starts, keeps their order, and can be changed as it runs', () => {
  const started: [number, string][] = []
  const limiter = new RateLimiter<string>(
    (item) => started.push([Date.now(), item]),
    () => Date.now() / 1_000,
  )
  limiter.enter('free', 'x')
  limiter.set('slow', '2/s')
  for (const item of ['a', 'b', 'c', 'd', 'e', 'f']) limiter.enter('slow', item)
  vi.advanceTimersByTime(1_000)
  expect(started).toEqual([
    [0, 'x'],
    [0, 'a'],
    [500, 'b'],
    [1_000, 'c'],
  ])
  limiter.set('slow', '60/m')
  expect(limiter.limit('slow')).toBe('60/m')
  expect(limiter.remove('slow', 'e')).toBe(true)
  expect(started.at(-1)).toEqual([1_000, 'd'])
  vi.advanceTimersByTime(999)
  expect(started.length).toBe(5)
  limiter.set('slow', undefined)
  expect(started.at(-1)).toEqual([1_999, 'f'])
  expect(limiter.limit('slow')).toBeUndefined()
})

test('a limiter gives back what waits', () => {
  const limiter = new RateLimiter<string>(() => undefined)
  limiter.set('slow', '1/h')
  for (const item of ['a', 'b', 'c']) limiter.enter('slow', item)
  expect(limiter.takeWaiting()).toEqual(['b', 'c'])
  expect(vi.getTimerCount()).toBe(0)
})

test('revoked ids are bounded in number and time, unless they are to be kept longer', () => {
  const revoked = new RevokedIds(3, 10)
  for (const [at, id] of ['a', 'b', 'c', 'd'].entries()) revoked.add(id, at)
  expect(revoked.list(4)).toEqual(['b', 'c', 'd'])
  revoked.add('c', 4, 50_000)
  expect(revoked.has('b', 10_001)).toBe(false)
  expect(revoked.has('c', 10_001)).toBe(true)
  expect(revoked.list(10_100)).toEqual(['c'])
})

test('the recent keys are remembered, older ones forgotten', () => {
  const recent = new Recent(2)
  for (const [at, key] of ['a', 'b', 'c', 'd', 'e'].entries()) recent.set(key, at)
  expect(recent.get('e')).toBe(4)
  expect(recent.get('c')).toBe(2)
  expect(recent.get('a')).toBeUndefined()
  recent.delete('c')
  expect(recent.get('c')).toBeUndefined()
})

test('retries wait exponentially longer, up to a limit, and a random part of that', () => {
  const plain = { delay: 2, factor: 3, maxDelay: 20, jitter: false }
  expect([0, 1, 2, 3].map((retries) => retryDelay(plain, retries, 0.5))).toEqual([2, 6, 18, 20])
  expect([0, 1, 20].map((retries) => retryDelay({}, retries, 0.5))).toEqual([0.5, 1, 300])
  expect(retryDelay({}, 5, 0)).toBe(0)
})

describe('what is revoked by a header', () => {
  const headers = (own: Record<string, unknown>) => ({ lang: 'js', task: 't', id: 'x', ...own })

  test('is found by a stamp or a header, of one value or many', () => {
    const revocations = new Revocations()
    revocations.addHeaders({ tenant: ['1', 'b'], ab: ['c'] }, 0)
    const has = (own: Record<string, unknown>) => revocations.has(headers(own), 1)
    expect(has({ tenant: 'b' })).toBe(true)
    expect(has({ tenant: 1 })).toBe(true)
    expect(has({ stamps: { tenant: ['a', 'b'] } })).toBe(true)
    expect(has({ stamps: { tenant: ['a'] }, tenant: 'b' })).toBe(false)
    expect(has({ tenant: ['c', { toString: 7 }, undefined], a: 'bc', b: '1' })).toBe(false)
  })

  test('is bounded in number and time, as ids are', () => {
    const revocations = new Revocations()
    for (let i = 0; i <= 50_000; i++) revocations.addHeaders({ [`h${i}`]: ['v'] }, 0)
    expect(revocations.has(headers({ h0: 'v' }), 0)).toBe(false)
    expect(revocations.has(headers({ h1: 'v', h2: 'v' }), 10_799_999)).toBe(true)
    expect(revocations.has(headers({ h1: 'v', h2: 'v' }), 10_800_000)).toBe(false)
  })

  test('does not make each message cost more, however much it is', () => {
    const revocations = new Revocations()
    for (let i = 0; i < 50_000; i++) revocations.addHeaders({ [`h${i}`]: ['v'] }, 0)
    const began = performance.now()
    for (let i = 0; i < 1_000; i++) revocations.has(headers({ other: 'v' }), 0)
    expect(performance.now() - began).toBeLessThan(1_000)
  })
})
