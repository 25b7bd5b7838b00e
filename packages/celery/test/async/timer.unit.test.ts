import { setImmediate as turn } from 'node:timers/promises'
import { afterEach, expect, onTestFinished, test, vi } from 'vitest'
import { Deadline } from '../../src/async/deadline.ts'
import { pause } from '../../src/async/pause.ts'
import { Signal } from '../../src/async/signal.ts'
import { longestTimer, timerOf } from '../../src/async/timer.ts'
import { BrokerKeys } from '../../src/brokers/redis/keys.ts'
import { Leases } from '../../src/brokers/redis/leases.ts'
import type { Restorer } from '../../src/brokers/redis/restorer.ts'
import { createMailboxClient } from '../../src/control/mailbox-client.ts'
import { noLog } from '../../src/log.ts'
import type { RedisLink } from '../../src/redis/link.ts'
import { createApp, handBroker, startWorker } from '../worker/support.ts'

/** Seconds for which no timer of Node can wait: given them, one rings at once. */
const forty = 40 * 86_400

afterEach(() => {
  vi.useRealTimers()
})

test('a timer waits as long as it is told, or as it can', () => {
  expect(timerOf(0.5)).toBe(500)
  expect(timerOf(forty)).toBe(longestTimer)
})

test('a deadline is so many seconds away, whatever time it is said to be meanwhile', () => {
  vi.useFakeTimers({ toFake: ['performance', 'Date'] })
  const deadline = new Deadline(10)
  vi.setSystemTime(0)
  vi.advanceTimersByTime(7_500)
  expect([deadline.left, deadline.isOver]).toEqual([2.5, false])
  vi.advanceTimersByTime(5_000)
  expect([deadline.left, deadline.isOver]).toEqual([0, true])
})

test('a long pause is one', async () => {
  const stopping = new AbortController()
  const pausing = pause(forty, stopping.signal)
  await pause(0.01)
  stopping.abort()
  expect(await pausing).toBe(false)
})

test('a long wait for a signal is one', async () => {
  const waits: number[] = []
  const signal = new Signal((milliseconds) => {
    waits.push(milliseconds)
    return () => undefined
  })
  const waiting = signal.wait(forty)
  signal.set()
  expect(await waiting).toBe(true)
  expect(waits).toEqual([longestTimer])
})

test('queues that are watched seldom are not asked for all the time', async () => {
  const broker = handBroker()
  const depth = vi.spyOn(broker, 'depth')
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  await startWorker(createApp({ broker }), { watchQueues: forty })
  await vi.advanceTimersByTimeAsync(60_000)
  expect(depth).not.toHaveBeenCalled()
  await vi.advanceTimersByTimeAsync(longestTimer)
  expect(depth).toHaveBeenCalled()
})

test('an answer of workers is waited for, however long that may take', async () => {
  const mailbox = createMailboxClient(createApp())
  onTestFinished(() => mailbox.close())
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  let replies: unknown
  const asked = mailbox.broadcast('ping', {}, { reply: true, timeout: forty }).then((given) => {
    replies = given
  })
  while (vi.getTimerCount() === 0) await turn()
  await vi.advanceTimersByTimeAsync(60_000)
  expect(replies).toBeUndefined()
  await vi.advanceTimersByTimeAsync(longestTimer)
  await asked
  expect(replies).toEqual({})
})

test('a long lease on Redis is not told of all the time', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  const told = vi.fn(() => [])
  const leases = new Leases({
    link: { state: 'open', command: async () => null } as unknown as RedisLink,
    keys: new BrokerKeys('', 0),
    restorer: {} as unknown as Restorer,
    held: told,
    leaseTimeout: 3 * forty,
    visibilityTimeout: 3 * forty,
    log: noLog,
  })
  onTestFinished(() => leases.stop())
  leases.start()
  await vi.advanceTimersByTimeAsync(60_000)
  expect(told).not.toHaveBeenCalled()
})
