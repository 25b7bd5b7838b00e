import { randomUUID } from 'node:crypto'
import type { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Broker } from '../../src/brokers/port.ts'
import { createRedisBroker } from '../../src/brokers/redis/index.ts'
import { BrokerKeys } from '../../src/brokers/redis/keys.ts'
import { restore } from '../../src/brokers/redis/lease-scripts.ts'
import {
  delayTaken,
  moveDue,
  publishBatch,
  settleAndTake,
  takeForGood,
} from '../../src/brokers/redis/scripts.ts'
import type { Script } from '../../src/redis/script.ts'
import { letterOf } from '../../testing/broker-contract/dead-letters.ts'
import { bodyOf, inboxOf, send, until } from '../../testing/broker-contract/suite.ts'
import { leftOut, servers } from '../../testing/servers.ts'
import { plainClient, removeKeys } from '../redis/keys.ts'
import { hasRedisServer, OwnRedis } from '../redis/own-server.ts'

const { redis: url = '' } = servers
if (url === '') leftOut('what a user of Redis may not do', 'TEST_REDIS_URL')

/** Redis 7 and those before and after it. */
const refused = /NOPERM|can't run this command/

/** The commands of a script that change something, be it called on to try. */
function writesOf({ lua }: Script): string[] {
  const named = [...lua.matchAll(/'([A-Z]+)'/g)].map(([, name = '']) => name)
  return [...new Set(named)].filter((name) =>
    /^(?:[LR](?:PUSH|POP)|LTRIM|H(?:SET|DEL)|Z(?:ADD|REM)|SET)$/.test(name),
  )
}

describe.skipIf(url === '')('what a user of Redis may not do', () => {
  const allOurs = `t-${randomUUID()}:`
  const user = `t-${randomUUID()}`
  let prefix: string
  let keys: BrokerKeys
  let admin: Redis
  let limited: Redis

  const allow = (...rules: string[]) =>
    admin.call('ACL', 'SETUSER', user, 'reset', 'on', '>secret', `~${allOurs}*`, '&*', '+@all', ...rules)
  const urlOfUser = () => Object.assign(new URL(url), { username: user, password: 'secret' }).href

  beforeAll(async () => {
    admin = plainClient(url)
    await admin.connect()
    await allow()
    limited = plainClient(urlOfUser())
    await limited.connect()
  })
  beforeEach(() => {
    prefix = `${allOurs}${randomUUID()}:`
    keys = new BrokerKeys(prefix, 0)
  })
  afterAll(async () => {
    limited?.disconnect()
    await admin?.call('ACL', 'DELUSER', user)
    admin?.disconnect()
    if (url !== '') await removeKeys(url, allOurs)
  })

  /** How often each message will come: from a list, from whoever holds it, or when it is due. */
  async function found(lists: string[]): Promise<Record<string, number>> {
    const texts = await Promise.all(lists.map((list) => admin.lrange(list, 0, -1)))
    for (const [hash, index] of [
      [keys.unacked, keys.unackedIndex],
      [keys.delayedMessages, keys.delayed],
    ] as const) {
      const places = new Set(await admin.zrange(index, '0', '-1'))
      const messages = Object.entries(await admin.hgetall(hash))
      texts.push(messages.filter(([place]) => places.has(place)).map(([, text]) => text))
    }
    const times: Record<string, number> = {}
    for (const text of texts.flat()) {
      const name = /m\d/.exec(text)?.[0] ?? text
      times[name] = (times[name] ?? 0) + 1
    }
    return times
  }

  async function hold(tag: string, text: string): Promise<void> {
    await admin.hset(keys.unacked, tag, `[${text},"","q"]`)
    await admin.zadd(keys.unackedIndex, 1, tag)
  }

  const runLimited = (script: Script, scriptKeys: string[], args: (string | number)[]) =>
    limited.eval(script.lua, scriptKeys.length, ...scriptKeys, ...args)

  const unacked = () => [keys.unacked, keys.unackedIndex]
  const delayed = () => [keys.delayed, keys.delayedMessages, keys.delayedHead]

  const moves: Record<string, { script: Script; prepare(): Promise<unknown>; run(): Promise<unknown> }> = {
    settleAndTake: {
      script: settleAndTake,
      prepare: () => admin.lpush(keys.list('q', 0), '"m1"', '"m2"'),
      run: () => runLimited(settleAndTake, [...unacked(), ...keys.lists('q')], [10, 't', 1, ',"","q"]']),
    },
    delayTaken: {
      script: delayTaken,
      prepare: () => Promise.all([hold('t1', '"m1"'), hold('t2', '"m2"')]),
      run: () =>
        runLimited(
          delayTaken,
          [...unacked(), ...delayed()],
          ['t1', 1000, keys.list('q', 0), ',"","q"]'.length, ''],
        ),
    },
    moveDue: {
      script: moveDue,
      prepare: async () => {
        for (const n of [1, 2]) {
          await admin.zadd(keys.delayed, String(n), `id${n} ${keys.list('q', 0)}`)
          await admin.hset(keys.delayedMessages, `id${n} ${keys.list('q', 0)}`, `"m${n}"`)
        }
      },
      run: () => runLimited(moveDue, delayed(), [100]),
    },
    restore: {
      script: restore,
      prepare: () => Promise.all([hold('t1', '"m1"'), hold('t2', '"m2"')]),
      run: () => {
        const ofEach = ['1', '2'].flatMap((n) => [`t${n}`, '', 1, keys.list('q', 0), `"m${n}"`])
        return runLimited(restore, unacked(), ofEach)
      },
    },
  }

  describe.each(Object.entries(moves))('%s', (_, { script, prepare, run }) => {
    test.each(writesOf(script))('without %s loses and doubles nothing', async (command) => {
      await prepare()
      await allow(`-${command}`)
      await run().catch((error: Error) => expect(error.message).toMatch(refused))
      expect(await found(keys.lists('q'))).toEqual({ m1: 1, m2: 1 })
      await allow()
      await run()
      expect(await found(keys.lists('q'))).toEqual({ m1: 1, m2: 1 })
    })
  })

  test.each(writesOf(publishBatch))(
    'a batch without %s: just what is refused is not there',
    async (command) => {
      await allow(`-${command}`)
      const list = keys.list('q', 0)
      const scriptKeys = [keys.own('publisher'), ...delayed()]
      const messages = [list, '', 'i1', '"m1"', list, 1000, 'i2', '"m2"', list, '', 'i3', '"m3"']
      const refused = await runLimited(publishBatch, scriptKeys, [1, 60, ...messages]).then(
        (errors) => (errors as unknown[]).filter((_, n) => n % 2 === 0),
        () => [0, 1, 2],
      )
      const there = [1, 2, 3].filter((n) => !refused.includes(n - 1)).map((n) => [`m${n}`, 1])
      expect(await found([list])).toEqual(Object.fromEntries(there))
    },
  )

  test('what is taken for good is told, though a further list cannot be read', async () => {
    const [first = '', second = ''] = keys.lists('q')
    await admin.lpush(first, 'm1')
    await admin.set(second, 'not a list')
    expect(await runLimited(takeForGood, [first, second], [10])).toEqual(['m1'])
    await expect(runLimited(takeForGood, [first, second], [10])).rejects.toThrow('WRONGTYPE')
  })

  test('a message of several lists goes back to all of them or none, when one is not for this user', async () => {
    const [one, two] = [keys.list('one', 0), keys.list('two', 0)]
    await hold('t1', '"m1"')
    await admin.call('ACL', 'SETUSER', user, 'resetkeys', `~${one}`, `~${keys.unacked}*`)
    const args = ['t1', '', 2, one, '"m1"', two, '"m1"']
    expect(await runLimited(restore, unacked(), args)).toEqual([0, [two]])
    expect(await found([one, two])).toEqual({ m1: 1 })
    await allow()
    expect(await runLimited(restore, unacked(), args)).toEqual([1, []])
    expect(await found([one, two])).toEqual({ m1: 2 })
  })

  describe('by a broker', () => {
    const queue = { name: 'q' }
    let broker: Broker

    beforeEach(async () => {
      broker = createRedisBroker(urlOfUser(), { globalKeyPrefix: prefix })
      await broker.open()
    })
    afterEach(async () => {
      await broker.close()
      await allow()
    })

    test.each(['HSET', 'ZADD'])(
      'a worker whose right to %s is taken away acknowledges, takes nothing, and goes on when it has it again',
      async (command) => {
        await send(broker, queue, 'a')
        const inbox = await inboxOf(broker, queue)
        const held = await inbox.next()
        await allow(`-${command}`)
        for (const body of ['m1', 'm2']) await send(broker, queue, body)
        expect(await held.ackFirst()).toBe(true)
        expect(await admin.llen(prefix + queue.name)).toBe(2)
        await allow()
        await until(() => inbox.received.length === 3, 'the others')
        expect(inbox.bodies().slice(1)).toEqual(['m1', 'm2'])
      },
    )

    test.each(['HDEL', 'ZREM'])('a dead letter stays whole where %s is refused', async (command) => {
      const letter = letterOf('t')
      await broker.deadLetters.add(letter)
      await allow(`-${command}`)
      await expect(broker.deadLetters.remove([letter.id])).rejects.toMatchObject({ code: 'UNSUPPORTED' })
      expect((await broker.deadLetters.list({ task: 't' })).letters).toEqual([letter])
      await allow()
      expect(await broker.deadLetters.remove([letter.id])).toBe(1)
    })
  })
})

test.skipIf(!hasRedisServer)(
  'what is in a full memory can be taken, parked and moved, to make room',
  async () => {
    const server = await OwnRedis.start()
    const broker = createRedisBroker(server.url, { leaseTimeout: 5 })
    const admin = plainClient(server.url)
    try {
      await Promise.all([broker.open(), admin.connect()])
      const queue = { name: 'q' }
      const inbox = await inboxOf(broker, queue, 1)
      for (const body of ['a', 'b']) await send(broker, queue, body)
      const a = await inbox.next()
      await admin.config('SET', 'maxmemory', '1')
      await expect(send(broker, queue, 'c')).rejects.toThrow('OOM')
      await a.delay(new Date())
      // Which of them comes first is a matter of moments.
      const first = await inbox.next()
      await first.ack()
      expect([bodyOf(first), bodyOf(await inbox.next())].sort()).toEqual(['a', 'b'])
    } finally {
      await broker.close()
      admin.disconnect()
      await server.remove()
    }
  },
)
