import { randomUUID } from 'node:crypto'
import type { Redis } from 'ioredis'
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Broker, Delivery } from '../../src/brokers/port.ts'
import { createRedisBroker, type RedisBrokerOptions } from '../../src/brokers/redis/index.ts'
import type { Log } from '../../src/log.ts'
import type { WireMessage } from '../../src/protocol/message.ts'
import { letterOf } from '../../testing/broker-contract/dead-letters.ts'
import { bodyOf, inboxOf, messageOf, send, until, waiting } from '../../testing/broker-contract/suite.ts'
import { leftOut, servers } from '../../testing/servers.ts'
import { startTcpProxy, type TcpProxy } from '../../testing/tcp-proxy.ts'
import { startForgetful } from '../redis/forgetful.ts'
import { plainClient, removeKeys } from '../redis/keys.ts'

const { redis: url = '' } = servers
if (url === '') leftOut('what Redis refuses', 'TEST_REDIS_URL')

describe.skipIf(url === '')('what Redis refuses', () => {
  const allOurs = `t-${randomUUID()}:`
  const queue = { name: 'q' }
  const brokers: Broker[] = []
  const proxies: TcpProxy[] = []
  /** Nobody else's: the keys that all brokers of a prefix share are spoiled here. */
  let prefix: string
  let redis: Redis
  let errors: [fields: object, text: string][]

  beforeEach(async () => {
    prefix = `${allOurs}${randomUUID()}:`
    redis = plainClient(url)
    await redis.connect()
    errors = []
  })
  afterEach(async () => {
    await Promise.all(brokers.splice(0).map((broker) => broker.close()))
    await Promise.all(proxies.splice(0).map((proxy) => proxy.close()))
    redis.disconnect()
  })
  afterAll(() => removeKeys(url, allOurs))

  async function opened(options: RedisBrokerOptions = {}, at = url): Promise<Broker> {
    const nothing = () => undefined
    const log: Log = { debug: nothing, info: nothing, warn: nothing, error: (...line) => errors.push(line) }
    const broker = createRedisBroker(at, { globalKeyPrefix: prefix, commandTimeout: 1.5, log, ...options })
    brokers.push(broker)
    await broker.open()
    return broker
  }

  const errorSaid = (text: string) =>
    until(() => errors.find(([, said]) => said.startsWith(text))?.[0], `the error: ${text}`)
  const wrongKey = (key: string) => ({
    code: 'UNSUPPORTED',
    message: expect.stringContaining(JSON.stringify(prefix + key)),
  })

  test('a send to an exchange that no queue is bound to says what to do if it is a fanout one', async () => {
    const subject = await opened()
    const message =
      "There is no queue bound to the exchange news for x. Declare it, or start a worker that does. If it is a fanout exchange, name one of its queues in the app's option queues, and send to that."
    const refused = { code: 'UNROUTABLE', message }
    await expect(
      subject.publish(messageOf('a'), { exchange: 'news', routingKey: 'x' }),
    ).rejects.toMatchObject(refused)
  })

  test.each(['unacked', 'unacked_index'])(
    'nothing is taken from a queue while "%s" is something else',
    async (key) => {
      const subject = await opened()
      for (const body of ['a', 'b', 'c']) await send(subject, queue, body)
      await redis.set(prefix + key, 'of somebody else')
      const inbox = await inboxOf(subject, queue)
      expect(await errorSaid('Redis refuses to give messages')).toMatchObject({ err: wrongKey(key) })
      expect(await redis.llen(prefix + queue.name)).toBe(3)
      await redis.del(prefix + key)
      await until(() => inbox.received.length === 3, 'all messages')
      expect(inbox.bodies()).toEqual(['a', 'b', 'c'])
    },
  )

  test('what is acknowledged first is told so though nothing more can be taken', async () => {
    const subject = await opened()
    await send(subject, queue, 'a')
    const held = await (await inboxOf(subject, queue)).next()
    await redis.set(prefix + queue.name, 'not a list')
    expect(await errorSaid('Redis refuses to give messages')).toMatchObject({ err: wrongKey(queue.name) })
    expect(await held.ackFirst()).toBe(true)
    expect(await redis.hlen(`${prefix}unacked`)).toBe(0)
  })

  test.each(['celery-ts:delayed', 'celery-ts:delayed:messages'])(
    'a message that cannot be parked as "%s" is something else spoils no other',
    async (key) => {
      const subject = await opened()
      await redis.set(prefix + key, 'of somebody else')
      const to = { exchange: '', routingKey: queue.name }
      const notBefore = new Date(Date.now() + 3_600_000)
      const sent = await Promise.allSettled([
        subject.publish(messageOf('a'), to),
        subject.publish(messageOf('later'), to, { notBefore }),
        subject.publish(messageOf('b'), to),
      ])
      expect(sent.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
      expect(sent[1]).toMatchObject({ reason: wrongKey(key) })
      const inbox = await inboxOf(subject, queue)
      const a = await inbox.next()
      await expect(a.delay(notBefore)).rejects.toMatchObject(wrongKey(key))
      await a.ack()
      await (await inbox.next()).ack()
      await redis.del(prefix + key)
      expect(await redis.exists(`${prefix}celery-ts:delayed`, `${prefix}celery-ts:delayed:messages`)).toBe(0)
    },
  )

  test('a message that is refused is not told as sent, though that answer is lost', async () => {
    const proxy = await startForgetful(url)
    const subject = await opened({}, proxy.url)
    await redis.set(prefix + queue.name, 'not a list')
    const publish = (name: string) => subject.publish(messageOf('a'), { exchange: '', routingKey: name })
    // The server knows the script from here on: the answer that is lost is that of the next batch.
    await publish('other')
    proxy.loseNext()
    const sent = await Promise.allSettled([publish('other'), publish(queue.name), publish('other')])
    expect(sent.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(sent[1]).toMatchObject({ reason: wrongKey(queue.name) })
    expect(await redis.llen(`${prefix}other`)).toBe(3)
    await publish('other')
    expect(await redis.llen(`${prefix}other`)).toBe(4)
  })

  test('a dead letter that an index refuses is not there, and can be kept later', async () => {
    const { deadLetters } = await opened()
    const letter = letterOf('t')
    await redis.set(`${prefix}celery-ts:dead:task:t`, 'of somebody else')
    await expect(deadLetters.add(letter)).rejects.toMatchObject(wrongKey('celery-ts:dead:task:t'))
    expect([await deadLetters.count(), (await deadLetters.list()).letters]).toEqual([0, []])
    await redis.del(`${prefix}celery-ts:dead:task:t`)
    await deadLetters.add(letter)
    expect((await deadLetters.list({ task: 't' })).letters).toEqual([letter])
    expect((await deadLetters.list()).letters).toEqual([letter])
  })

  test('a message of several queues goes back to all of them or to none', async () => {
    const subject = await opened({ leaseTimeout: 1, visibilityTimeout: 1 })
    const exchange = { name: 'x', type: 'topic' } as const
    for (const name of ['one', 'two']) await subject.declare({ name, exchange, routingKey: '#' })
    const message = { body: '', headers: {}, properties: { delivery_info: {} } }
    await redis.hset(`${prefix}unacked`, 'of-python', JSON.stringify([message, 'x', 'k']))
    await redis.zadd(`${prefix}unacked_index`, 1, 'of-python')
    await redis.set(`${prefix}two`, 'not a list')
    // Whoever consumes looks for what is abandoned.
    await inboxOf(subject, queue)
    const refused = 'Redis puts no messages into these keys'
    await until(() => errors.filter(([, text]) => text.startsWith(refused)).length >= 3, 'three looks')
    expect(errors[0]?.[0]).toEqual({ keys: [`${prefix}two`] })
    expect(await redis.llen(`${prefix}one`)).toBe(0)
    await redis.del(`${prefix}two`)
    await waiting(subject, { name: 'two' }, 1)
    expect(await redis.llen(`${prefix}one`)).toBe(1)
  })

  test('a beginning that could not be counted is not taken back, and none below nothing', async () => {
    const subject = await opened()
    await send(subject, queue, 'a')
    const inbox = await inboxOf(subject, queue)
    await (await inbox.next()).requeue()
    const again = await inbox.next()
    const tag = String((await redis.hvals(`${prefix}unacked`))[0]).match(/"delivery_tag": ?"([^"]+)"/)?.[1]
    const count = `celery-ts:starts:${tag}`
    await redis.lpush(prefix + count, 'of somebody else')
    await expect(again.countStart()).rejects.toMatchObject(wrongKey(count))
    await redis.del(prefix + count)
    expect(await again.countStart()).toBe(1)
    await redis.del(prefix + count)
    await again.requeue()
    await inbox.next()
    expect(await redis.exists(prefix + count)).toBe(0)
  })

  const parts = {
    'half of a surrogate pair in place of its body': '{"body": ["\\ud800"], "headers": {}}',
    'a body nested too deeply': `{"body": ${'['.repeat(995)}${']'.repeat(995)}, "headers": {}}`,
    'a priority that is no value': '{"body": "", "properties": {"priority": {"valueOf": 1, "toString": 1}}}',
  }

  test.each(Object.entries(parts))(
    'what has %s is delivered to be refused, beside its neighbours',
    async (_, text) => {
      const subject = await opened()
      await send(subject, queue, 'a')
      await redis.lpush(prefix + queue.name, text)
      await send(subject, queue, 'b')
      const inbox = await inboxOf(subject, queue)
      await until(() => inbox.received.length === 3, 'all messages')
      expect([bodyOf(await inbox.next()), inbox.bodies()[2]]).toEqual(['a', 'b'])
      for (const delivery of inbox.received) await delivery.discard()
      await waiting(subject, queue, 0)
      await until(async () => (await redis.hlen(`${prefix}unacked`)) === 0, 'all settled')
    },
  )

  test.each(['fanout', 'direct'] as const)(
    'what is cast by %s and cannot be read ends neither the process nor the listening',
    async (type) => {
      const subject = await opened()
      const heard: string[] = []
      const onMessage = (message: WireMessage) => {
        heard.push(bodyOf({ message }))
        if (heard.at(-1) === 'bad') throw new Error('no')
      }
      const exchange = { name: 'pidbox', type }
      await subject.listen({ exchange, routingKey: 'k', queue: 'replies', onMessage })
      const unreadable = parts['half of a surrogate pair in place of its body']
      if (type === 'fanout') await redis.publish(`${prefix}/0.pidbox/k`, unreadable)
      else await redis.lpush(`${prefix}replies`, unreadable)
      for (const body of ['bad', 'good']) await subject.cast(messageOf(body), { exchange, routingKey: 'k' })
      await until(() => heard.length >= 3, 'all that was cast')
      expect(heard).toEqual([unreadable, 'bad', 'good'])
      expect(errors).toEqual([
        [expect.objectContaining({ exchange: 'pidbox' }), 'What was heard could not be dealt with'],
      ])
    },
  )

  test('what Python sent can be parked with other headers, whatever its headers hold', async () => {
    const subject = await opened()
    const deep = `${'['.repeat(995)}${']'.repeat(995)}`
    const text = `{"body": "e30=", "headers": {"argsrepr": "('\\udcff',)", "deep": ${deep}}, "properties": {"x": "\\udcff"}}`
    await redis.lpush(prefix + queue.name, text)
    const inbox = await inboxOf(subject, queue)
    const delivery = await inbox.next()
    await delivery.delay(new Date(), { ...delivery.message.headers, task_losses: 1 })
    const again = await inbox.next()
    expect(again.message.headers).toMatchObject({ argsrepr: "('\ufffd',)", task_losses: 1 })
    expect(bodyOf(again)).toBe('e30=')
  })

  describe('while the connection is away', () => {
    async function heldThrough(
      options: RedisBrokerOptions = {},
    ): Promise<{ proxy: TcpProxy; holder: Broker; held: Delivery }> {
      const proxy = await startTcpProxy(url, 6379)
      proxies.push(proxy)
      const holder = await opened({ leaseTimeout: 1, ...options }, proxy.through(url))
      await send(holder, queue, 'a')
      const held = await (await inboxOf(holder, queue)).next()
      return { proxy, holder, held }
    }

    test('what another worker took meanwhile is not acknowledged first', async () => {
      const { proxy, holder, held } = await heldThrough()
      await proxy.refuse()
      await until(() => holder.state === 'reconnecting', 'the loss')
      const told = held.ackFirst()
      const again = await (await inboxOf(await opened({ leaseTimeout: 1 }), queue)).next()
      await proxy.accept()
      expect(await told).toBe(false)
      expect(await again.ackFirst()).toBe(true)
    })

    test('what Redis was not told before the lease is over is answered then, and comes again', async () => {
      const { proxy, holder, held } = await heldThrough()
      await proxy.refuse()
      await until(() => holder.state === 'reconnecting', 'the loss')
      expect(await held.ackFirst()).toBe(false)
      expect([held.isLost, holder.state]).toEqual([true, 'reconnecting'])
      await proxy.accept()
      await until(() => holder.state === 'open', 'the connection')
      const again = await (await inboxOf(await opened({ leaseTimeout: 1 }), queue)).next()
      expect([bodyOf(again), await again.ackFirst()]).toEqual(['a', true])
    })

    test('what Redis may have been told counts as acknowledged when the lease is over', async () => {
      const { proxy, holder, held } = await heldThrough()
      proxy.freeze()
      expect(await held.ackFirst()).toBe(true)
      expect([held.isLost, holder.state]).toEqual([true, 'reconnecting'])
    })

    test.each([true, false])(
      'who closes has each of them answered (it was on its way: %s)',
      async (isOnItsWay) => {
        const { proxy, holder, held } = await heldThrough({ commandTimeout: 20, leaseTimeout: 60 })
        if (isOnItsWay) proxy.freeze()
        else {
          await proxy.refuse()
          await until(() => holder.state === 'reconnecting', 'the loss')
        }
        const answer = held.ackFirst()
        // Its step is under way.
        await new Promise((resolve) => setImmediate(resolve))
        await holder.close()
        expect(await answer).toBe(isOnItsWay)
      },
    )

    test('what goes back or is parked is not waited for longer than the lease', async () => {
      const { proxy, holder, held } = await heldThrough()
      await proxy.refuse()
      await until(() => holder.state === 'reconnecting', 'the loss')
      const unavailable = { code: 'BROKER_UNAVAILABLE' }
      await expect(held.delay(new Date())).rejects.toMatchObject(unavailable)
      await expect(held.requeue()).rejects.toMatchObject(unavailable)
    })

    test('what was acknowledged first, without the answer, is', async () => {
      const { proxy, holder, held } = await heldThrough()
      proxy.freeze()
      const told = held.ackFirst()
      // As the command does that is on its way.
      await redis.del(`${prefix}unacked`, `${prefix}unacked_index`)
      await until(() => holder.state === 'reconnecting', 'the loss')
      proxy.thaw()
      expect(await told).toBe(true)
    })
  })
})
