import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest'
import { within } from '../../src/async/within.ts'
import { createBeat, interval } from '../../src/beat/index.ts'
import { createRedisSchedules } from '../../src/beat/redis/store.ts'
import type { DeadLetterStore } from '../../src/brokers/dead-letter-store.ts'
import type { Broker, Consumption, Delivery, Listening } from '../../src/brokers/port.ts'
import { createRedisBroker } from '../../src/brokers/redis/index.ts'
import { createCelery } from '../../src/create-celery.ts'
import { CeleryError } from '../../src/errors.ts'
import type { ResultStore, Watching } from '../../src/results/port.ts'
import { createRedisResults } from '../../src/results/redis/index.ts'
import { letterOf } from '../../testing/broker-contract/dead-letters.ts'
import { inboxOf, messageOf, send, until } from '../../testing/broker-contract/suite.ts'
import { leftOut, servers } from '../../testing/servers.ts'
import { startTcpProxy, type TcpProxy } from '../../testing/tcp-proxy.ts'
import { removeKeys } from './keys.ts'

const { redis: url = '' } = servers
if (url === '') leftOut('what answers while Redis is away', 'TEST_REDIS_URL')

/** A call of each method that may have to wait for the server: one that is new has to be added here. */
type Calls<T> = {
  [K in Exclude<keyof T, symbol> as Required<T>[K] extends (...args: never[]) => Promise<unknown>
    ? K
    : never]: () => unknown
}

/** Seconds that anything may take: a lost connection is waited out for 10, and an answer for 1.5. */
const deadline = 13

describe.skipIf(url === '')('while Redis is away', () => {
  const ours = `t-${randomUUID()}:`
  const closing: { close(): Promise<void> }[] = []
  let proxy: TcpProxy
  let through: string

  beforeEach(async () => {
    proxy = await startTcpProxy(url, 6379)
    const at = new URL(proxy.through(url))
    at.search = `global_keyprefix=${ours}${randomUUID()}:&socket_timeout=1.5&lease_timeout=1`
    through = at.href
  })
  afterEach(async () => {
    for (const { close } of closing.splice(0).reverse()) await close()
    await proxy.close()
  })
  afterAll(() => removeKeys(url, ours))

  function closedLast<T extends { close(): Promise<void> }>(opened: T): T {
    closing.push({ close: () => opened.close() })
    return opened
  }

  async function brokerCalls(): Promise<Record<string, () => unknown>> {
    const broker = closedLast(createRedisBroker(through))
    await broker.open()
    const [queue, name] = [{ name: 'q' }, randomUUID()]
    for (let n = 0; n < 7; n++) await send(broker, queue, String(n))
    const inbox = await inboxOf(broker, queue)
    const held: Delivery[] = []
    for (let n = 0; n < 7; n++) held.push(await inbox.next())
    const next = () => held.pop() as Delivery
    const other = await broker.consume({ name: 'other' }, { prefetch: 1, onDelivery() {} })
    const exchange = { name: 'pidbox', type: 'fanout' } as const
    const direct = { name: 'replies', type: 'direct' } as const
    const to = { exchange, routingKey: '', queue: name, onMessage() {} }
    const listening = await broker.listen(to)
    const listeningDirectly = await broker.listen({ ...to, exchange: direct, routingKey: name })
    const { deadLetters } = broker
    const calls: Omit<Calls<Broker>, 'close'> = {
      open: () => broker.open(),
      declare: () => broker.declare({ name: 'new' }),
      publish: () => broker.publish(messageOf('x'), { exchange: '', routingKey: 'q' }),
      consume: () => broker.consume({ name: 'another' }, { prefetch: 1, onDelivery() {} }),
      depth: () => broker.depth('q'),
      purge: () => broker.purge('q'),
      cast: () => broker.cast(messageOf('x'), { exchange, routingKey: '' }),
      listen: () => broker.listen({ ...to, queue: 'another', exchange: { ...direct, name: 'others' } }),
    }
    const delivered: Calls<Delivery> = {
      countStart: () => next().countStart(),
      ack: () => next().ack(),
      ackFirst: () => next().ackFirst(),
      requeue: () => next().requeue(),
      discard: () => next().discard(),
      delay: () => next().delay(new Date()),
    }
    const letters: Calls<DeadLetterStore> = {
      add: () => deadLetters.add(letterOf('t')),
      list: () => deadLetters.list(),
      get: () => deadLetters.get(name),
      remove: () => deadLetters.remove([name]),
      count: () => deadLetters.count(),
    }
    const consuming: Calls<Consumption> = {
      setPrefetch: () => other.setPrefetch(2),
      cancel: () => inbox.consumption.cancel(),
    }
    const heard: Calls<Listening> = { stop: () => Promise.all([listening.stop(), listeningDirectly.stop()]) }
    return named({ broker: calls, delivery: delivered, letters, consumption: consuming, listening: heard })
  }

  async function resultCalls(): Promise<Record<string, () => unknown>> {
    const store = closedLast(createRedisResults(through))
    await store.open()
    const meta = { task_id: 'a', status: 'SUCCESS', result: 1, traceback: null, children: [] } as const
    const part = { taskId: 'a', index: 0, state: 'SUCCESS', result: 1 } as const
    const watching = await store.watch(['a', 'b'], () => {})
    const stopped = await store.watch(['c'], () => {})
    const calls: Omit<Calls<ResultStore>, 'close'> = {
      open: () => store.open(),
      store: () => store.store({ ...meta, children: [], date_done: new Date().toISOString() }),
      get: () => store.get(['a']),
      forget: () => store.forget(['a']),
      watch: () => store.watch(['d'], () => {}),
      storeGroup: () => store.storeGroup('g', []),
      getGroup: () => store.getGroup('g'),
      forgetGroup: () => store.forgetGroup('g'),
      setChordSize: () => store.setChordSize('g', 2),
      growChord: () => store.growChord('g', 1),
      addChordPart: () => store.addChordPart('g', part),
      forgetChord: () => store.forgetChord('g'),
      countStart: () => store.countStart('a'),
      forgetStarts: () => store.forgetStarts('a'),
    }
    const watched: Calls<Watching> = {
      add: () => watching.add(['e']),
      remove: () => watching.remove(['b']),
      stop: () => stopped.stop(),
    }
    return named({ results: calls, watching: watched })
  }

  async function beatCalls(): Promise<Record<string, () => unknown>> {
    const store = closedLast(createRedisSchedules(through))
    await store.open()
    const text = { name: 'e', task: 't', schedule: 's', broker: 'b' }
    await store.register([text])
    const run = { entry: 'e', due: new Date(), manual: false, taskId: randomUUID() }
    const app = closedLast(createCelery({ broker: `memory:${randomUUID()}` }))
    const beat = createBeat(app, {
      store: through,
      entries: { e: { task: 't', schedule: interval(3_600) } },
    })
    closing.push({ close: () => beat.stop() })
    await beat.list()
    const calls = {
      open: () => store.open(),
      register: () => store.register([text]),
      read: () => store.read(),
      sendOnce: () => store.sendOnce(run, async () => {}),
      setPaused: () => store.setPaused('e', true),
      trigger: () => store.trigger('e'),
    } satisfies Omit<Calls<typeof store>, 'close'>
    const schedules = {
      start: () => beat.start(),
      list: () => beat.list(),
      pause: () => beat.pause('e'),
      resume: () => beat.resume('e'),
      trigger: () => beat.trigger('e'),
    } satisfies Omit<Calls<typeof beat>, 'stop'>
    return named({ store: calls, beat: schedules })
  }

  test.each(['is down', 'is frozen'])('as it %s, each call is answered or rejects in time', async (how) => {
    const calls = { ...(await brokerCalls()), ...(await resultCalls()), ...(await beatCalls()) }
    if (how === 'is down') {
      await proxy.refuse()
      await until(() => proxy.connections === 0, 'the loss')
    } else proxy.freeze()
    const outcomes = await Promise.all(
      Object.entries(calls).map(async ([name, call]) => `${name}: ${await outcomeOf(call)}`),
    )
    expect(outcomes.filter((outcome) => !/: (answers|\w+_UNAVAILABLE)$/.test(outcome))).toEqual([])
    expect(outcomes).toContain('results.get: RESULTS_UNAVAILABLE')
    const ends = closing.splice(0).map(({ close }) => outcomeOf(close))
    expect(await Promise.all(ends)).toEqual(ends.map(() => 'answers'))
  })
})

function named(objects: Record<string, Record<string, () => unknown>>): Record<string, () => unknown> {
  const all = Object.entries(objects).flatMap(([name, calls]) =>
    Object.entries(calls).map(([method, call]) => [`${name}.${method}`, call] as const),
  )
  return Object.fromEntries(all)
}

async function outcomeOf(call: () => unknown): Promise<string> {
  try {
    await within(deadline, Promise.resolve(call()), () => new Error('hangs'))
    return 'answers'
  } catch (error) {
    return error instanceof CeleryError ? error.code : String(error)
  }
}
