import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Broker, Delivery } from '../../src/brokers/port.ts'
import { createRedisBroker, type RedisBrokerOptions } from '../../src/brokers/redis/index.ts'
import { type Log, noLog } from '../../src/log.ts'
import { bodyOf, inboxOf, messageOf, send, until, waiting } from '../../testing/broker-contract/suite.ts'
import { leftOut, servers } from '../../testing/servers.ts'
import { startTcpProxy, type TcpProxy } from '../../testing/tcp-proxy.ts'
import { startForgetful } from '../redis/forgetful.ts'
import { plainClient, removeKeys } from '../redis/keys.ts'
import { hasRedisServer, OwnRedis } from '../redis/own-server.ts'
import { closeWhileConsuming } from './support/close-while-consuming.ts'
import { watchOverflows } from './support/overflows.ts'

const { redis: url = '' } = servers
if (url === '') leftOut('faults of Redis', 'TEST_REDIS_URL')
if (!hasRedisServer) leftOut('a Redis of our own', 'redis-server on the PATH')

const brokers: Broker[] = []
const queue = () => ({ name: `q-${randomUUID()}` })

async function opened(at: string, options: RedisBrokerOptions): Promise<Broker> {
  const broker = createRedisBroker(at, { commandTimeout: 1.5, ...options })
  brokers.push(broker)
  await broker.open()
  return broker
}

afterEach(async () => {
  await Promise.all(brokers.splice(0).map((broker) => broker.close()))
})

function recordingLog(): Log & { warnings: string[] } {
  const warnings: string[] = []
  const nothing = () => undefined
  return { warnings, debug: nothing, info: nothing, error: nothing, warn: (_, text) => warnings.push(text) }
}

describe.skipIf(url === '')('faults of Redis', () => {
  const globalKeyPrefix = `t-${randomUUID()}:`
  let proxy: TcpProxy

  beforeAll(async () => {
    proxy = await startTcpProxy(url, 6379)
  })
  afterEach(() => proxy.thaw())
  afterAll(async () => {
    await proxy.close()
    await removeKeys(url, globalKeyPrefix)
  })

  const direct = (options: RedisBrokerOptions = {}) => opened(url, { globalKeyPrefix, ...options })
  const through = (options: RedisBrokerOptions = {}) =>
    opened(proxy.through(url), { globalKeyPrefix, ...options })

  test('each message is published once, wherever the connection is cut', async () => {
    const [subject, declared] = [await through(), queue()]
    await subject.declare(declared)
    const bodies = Array.from({ length: 3_000 }, (_, n) => String(n))
    for (let from = 0; from < bodies.length; from += 100) {
      proxy.cutAfter(1 + ((from * 733) % 90_000))
      await Promise.all(bodies.slice(from, from + 100).map((body) => send(subject, declared, body)))
    }
    const inbox = await inboxOf(await direct(), declared, 4_000)
    await until(() => inbox.received.length >= bodies.length, 'all messages')
    expect(inbox.bodies()).toEqual(bodies)
    for (const delivery of inbox.received) await delivery.ack()
  })

  test('each message is delivered once, wherever the connection is cut', async () => {
    const [publisher, subject, declared] = [await direct(), await through(), queue()]
    const bodies = Array.from({ length: 3_000 }, (_, n) => String(n))
    await Promise.all(bodies.map((body) => send(publisher, declared, body)))
    const got: string[] = []
    const onDelivery = (delivery: Delivery) => {
      got.push(bodyOf(delivery))
      if (got.length % 150 === 0) proxy.cutAfter((got.length * 37) % 5_000)
      setImmediate(() => void delivery.ack())
    }
    await subject.consume(declared, { prefetch: 40, onDelivery })
    await until(() => got.length >= bodies.length, 'all messages', 25)
    expect(got.toSorted()).toEqual(bodies.toSorted())
    await waiting(subject, declared, 0)
    await subject.close()
    expect(await publisher.depth(declared.name)).toMatchObject({ messages: 0 })
  })

  test('what a killed process held comes back after its lease', async () => {
    const [subject, declared] = [await direct({ leaseTimeout: 1 }), queue()]
    for (const body of ['a', 'b', 'c']) await send(subject, declared, body)
    const script = join(import.meta.dirname, '..', 'redis', 'holder.ts')
    const holder = spawn(process.execPath, [script, url, globalKeyPrefix, declared.name, '3'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await once(holder.stdout, 'data')
    holder.kill('SIGKILL')
    await once(holder, 'exit')
    const inbox = await inboxOf(subject, declared)
    for (let count = 0; count < 3; count++) expect((await inbox.next()).redelivered).toBe(true)
    expect(inbox.bodies().toSorted()).toEqual(['a', 'b', 'c'])
    for (const delivery of inbox.received) await delivery.ack()
  })

  test('what is held longer than its lease stays with its holder', async () => {
    const [holder, other, declared] = [
      await direct({ leaseTimeout: 1 }),
      await direct({ leaseTimeout: 1 }),
      queue(),
    ]
    await send(holder, declared, 'long')
    const held = await (await inboxOf(holder, declared)).next()
    const inbox = await inboxOf(other, declared)
    const began = performance.now()
    await until(() => performance.now() - began > 3_000, 'three leases')
    expect([held.isLost, inbox.received.length]).toEqual([false, 0])
    await held.ack()
    await holder.close()
    await other.close()
    expect(await (await direct()).depth(declared.name)).toMatchObject({ messages: 0 })
  })

  test('what a frozen worker held goes to another, and it knows', async () => {
    const [holder, other, declared] = [
      await through({ leaseTimeout: 1 }),
      await direct({ leaseTimeout: 1 }),
      queue(),
    ]
    await send(holder, declared, 'a')
    const held = await (await inboxOf(holder, declared)).next()
    proxy.freeze()
    const inbox = await inboxOf(other, declared)
    const again = await inbox.next()
    expect([held.isLost, again.redelivered, bodyOf(again)]).toEqual([true, true, 'a'])
    proxy.thaw()
    await until(() => holder.state === 'open', 'the connection')
    await held.requeue()
    await held.delay(new Date())
    await again.ack()
    await waiting(other, declared, 0)
    expect(inbox.received).toHaveLength(1)
  })

  test('a broker that is closed while it is asked to consume leaves nothing that keeps the process', async () => {
    const at = new URL(url)
    at.searchParams.set('global_keyprefix', globalKeyPrefix)
    const outcomes = await closeWhileConsuming(at.href)
    expect(outcomes).toHaveLength(12)
    expect(outcomes.filter((outcome) => outcome !== 'consumes' && outcome !== 'CLOSED')).toEqual([])
  })

  test('one that is closed while it opens is closed, and can be opened again', async () => {
    const subject = createRedisBroker(url, { globalKeyPrefix })
    brokers.push(subject)
    const opening = expect(subject.open()).rejects.toMatchObject({ code: 'CLOSED' })
    await subject.close()
    const again = subject.open()
    await opening
    await again
    expect(subject.state).toBe('open')
  })

  test('a queue that is bound to two exchanges is bound to both, also after Redis has lost everything', async () => {
    const [subject, declared] = [await through(), queue()]
    const bound = [1, 2].map((n) => ({
      ...declared,
      exchange: { name: `${declared.name}-exchange-${n}`, type: 'direct' as const },
      routingKey: `key-${n}`,
    }))
    const publish = (binding: (typeof bound)[number], declare = {}) => {
      const { exchange, routingKey } = binding
      return subject.publish(messageOf(routingKey), { exchange: exchange.name, routingKey, ...declare })
    }
    for (const binding of bound) await publish(binding, { declare: binding })
    await waiting(subject, declared, 2)
    const bindings = `${globalKeyPrefix}_kombu.binding.${declared.name}`
    await removeKeys(url, bindings)
    proxy.cut()
    const redis = plainClient(url)
    await redis.connect()
    await until(async () => (await redis.keys(`${bindings}*`)).length === 2, 'both bindings')
    for (const binding of bound) await publish(binding)
    await waiting(subject, declared, 4)
    await subject.purge(declared.name)
    redis.disconnect()
  })

  test.each([true, false])(
    'what is parked comes as a new message (with other headers: %s)',
    async (isChanged) => {
      const [subject, declared] = [await direct(), queue()]
      await send(subject, declared, 'a')
      const inbox = await inboxOf(subject, declared, 1)
      await (await inbox.next()).requeue()
      const again = await inbox.next()
      const { headers } = again.message
      await again.delay(new Date(), isChanged ? { ...headers, retries: 1 } : undefined)
      const parked = await inbox.next()
      expect([again.redelivered, parked.redelivered, bodyOf(parked)]).toEqual([true, false, 'a'])
      expect(parked.message.headers).toEqual({ ...headers, ...(isChanged && { retries: 1 }) })
      expect(parked).toMatchObject({ exchange: again.exchange, routingKey: again.routingKey })
      await parked.requeue()
      const last = await inbox.next()
      // Its first delivery since it was parked.
      expect(await last.countStart()).toBe(1)
      await last.ack()
    },
  )

  test('to stop listening needs no answer of Redis', async () => {
    const subject = await through({ commandTimeout: 0.5 })
    const exchange = { name: 'reply.test', type: 'direct' } as const
    const to = { exchange, routingKey: 'k', queue: 'k.reply.test', onMessage() {} }
    const listening = await subject.listen(to)
    proxy.freeze()
    await listening.stop()
    await until(() => subject.state === 'reconnecting', 'the loss')
  })

  test('the time to publish is one, whatever has to be done first and however long an answer may take', async () => {
    const [subject, declared] = [await through({ commandTimeout: 5 }), queue()]
    proxy.freeze()
    const began = performance.now()
    const exchange = { name: declared.name, type: 'direct' } as const
    const to = {
      exchange: exchange.name,
      routingKey: 'k',
      declare: { ...declared, exchange, routingKey: 'k' },
    }
    const publishing = subject.publish(messageOf('a'), to, { timeout: 0.5 })
    await expect(publishing).rejects.toMatchObject({ code: 'BROKER_UNAVAILABLE' })
    expect(performance.now() - began).toBeLessThan(2_500)
  })

  test('a month is as long as any timer', async () => {
    const [month, overflows] = [30 * 86_400, watchOverflows()]
    const subject = await direct({ commandTimeout: month, connectTimeout: month })
    const declared = queue()
    const to = { exchange: '', routingKey: declared.name, declare: declared }
    await subject.publish(messageOf('a'), to, { timeout: month })
    await subject.purge(declared.name)
    await subject.close()
    expect(overflows).toEqual([])
  })

  test('a watcher that throws keeps the broker neither from opening nor from coming back', async () => {
    const subject = createRedisBroker(proxy.through(url), { globalKeyPrefix, log: noLog })
    brokers.push(subject)
    const states: string[] = []
    subject.watch((state) => {
      states.push(state)
      throw new Error('a mistake of who watches')
    })
    await subject.open()
    proxy.cut()
    await until(() => states.length >= 3, 'the loss and the connection')
    expect([...states, subject.state]).toEqual(['open', 'reconnecting', 'open', 'open'])
  })

  test('a binding that cannot be made again keeps neither the connection nor other bindings from being made', async () => {
    const errors: unknown[] = []
    const log = { ...noLog, error: (fields: { err?: unknown }) => errors.push(fields.err) }
    const [subject, taken, free] = [await through({ log }), queue(), queue()]
    for (const declared of [taken, free]) await subject.declare(declared)
    const redis = plainClient(url)
    await redis.connect()
    const bindings = ({ name }: { name: string }) => `${globalKeyPrefix}_kombu.binding.${name}`
    await proxy.refuse()
    await redis.unlink(bindings(taken), bindings(free))
    await redis.set(bindings(taken), 'no set')
    await proxy.accept()
    await until(() => subject.state === 'open', 'the connection')
    await until(async () => (await redis.exists(bindings(free))) === 1, 'the other binding')
    await until(() => errors.length > 0, 'what the log says')
    expect(errors).toEqual([expect.objectContaining({ message: expect.stringContaining(bindings(taken)) })])
    redis.disconnect()
  })

  test('a start is counted once, though the answer is lost', async () => {
    const proxy = await startForgetful(url)
    const [subject, declared] = [await opened(proxy.url, { globalKeyPrefix }), queue()]
    await send(subject, declared, 'a')
    const inbox = await inboxOf(subject, declared, 2)
    await (await inbox.next()).requeue()
    const again = await inbox.next()
    // The server knows the script from here on: the answer that is lost is that of the count.
    await send(subject, declared, 'b')
    const other = await inbox.next()
    await other.countStart()
    await other.ackFirst()
    proxy.loseNext()
    expect(await again.countStart()).toBe(1)
    await again.ack()
  })

  test('scripts that Redis has forgotten are sent again', async () => {
    const [subject, declared] = [await direct(), queue()]
    const redis = plainClient(url)
    await redis.connect()
    const inbox = await inboxOf(subject, declared)
    for (const body of ['a', 'b', 'c']) {
      await redis.script('FLUSH')
      await send(subject, declared, body)
      await (await inbox.next()).ack()
    }
    expect(inbox.bodies()).toEqual(['a', 'b', 'c'])
    redis.disconnect()
  })

  test('large messages are taken a few at a time, in order', async () => {
    const [publisher, subject, declared] = [await direct(), await direct({ commandTimeout: 0.5 }), queue()]
    const states: string[] = []
    subject.watch((state) => states.push(state))
    const bodies = Array.from({ length: 30 }, (_, n) => `${n} `.padEnd(1_500_000, '.'))
    for (const body of bodies) await send(publisher, declared, body)
    const inbox = await inboxOf(subject, declared, 100)
    await until(() => inbox.received.length === bodies.length, 'all messages', 8)
    expect(inbox.bodies().map((body) => Number.parseInt(body, 10))).toEqual(bodies.keys().toArray())
    for (const delivery of inbox.received) await delivery.ack()
    await waiting(publisher, declared, 0)
    expect(states).toEqual([])
  })

  test('what is no message is delivered as it is, put back as it is, and can be thrown away', async () => {
    const [subject, declared] = [await direct(), queue()]
    const redis = plainClient(url)
    await redis.connect()
    const texts = [
      'no JSON \u0007 "',
      '[1, 2]',
      '{"body": 5, "headers": {}, "properties": 7}',
      '"text"',
      '{}',
    ]
    await redis.lpush(globalKeyPrefix + declared.name, ...texts)
    const inbox = await inboxOf(subject, declared)
    for (const text of texts) {
      const delivery = await inbox.next()
      if (text !== texts[2]) expect(bodyOf(delivery)).toBe(text)
      expect(delivery.message.headers).toEqual({})
    }
    for (const delivery of inbox.received.slice()) await delivery.requeue()
    await until(() => inbox.received.length === 10, 'all again')
    expect(inbox.bodies().slice(5).toSorted()).toEqual(inbox.bodies().slice(0, 5).toSorted())
    for (const delivery of inbox.received.slice(5)) await delivery.discard()
    await waiting(subject, declared, 0)
    redis.disconnect()
  })

  test('a list that is none is named, and spoils no other queue and no other message', async () => {
    const [subject, broken, declared] = [await direct(), queue(), queue()]
    const redis = plainClient(url)
    await redis.connect()
    await redis.set(globalKeyPrefix + broken.name, 'not a list')
    const refused = send(subject, broken, 'x')
    const taken = send(subject, declared, 'y')
    const key = JSON.stringify(globalKeyPrefix + broken.name)
    const why = {
      code: 'UNSUPPORTED',
      message: expect.stringContaining(`the key ${key} holds a string, not a list`),
    }
    await expect(refused).rejects.toMatchObject(why)
    await taken
    await expect(inboxOf(subject, broken)).rejects.toMatchObject(why)
    await expect(subject.depth(broken.name)).rejects.toMatchObject(why)
    expect(bodyOf(await (await inboxOf(subject, declared)).next())).toBe('y')
    await redis.del(globalKeyPrefix + broken.name)
    redis.disconnect()
  })

  test('a list that becomes none is named in the log, and messages that belong there are kept', async () => {
    const errors: [object, string][] = []
    const nothing = () => undefined
    const log: Log = { debug: nothing, info: nothing, warn: nothing, error: (...line) => errors.push(line) }
    const prefix = `${globalKeyPrefix}${randomUUID()}:`
    const [subject, declared] = [await opened(url, { globalKeyPrefix: prefix, log }), queue()]
    const redis = plainClient(url)
    await redis.connect()
    const inbox = await inboxOf(subject, declared, 1)
    await send(subject, declared, 'held')
    const held = await inbox.next()
    await redis.set(prefix + declared.name, 'not a list')
    await held.requeue()
    expect(errors).toContainEqual([
      { keys: [prefix + declared.name] },
      'Redis puts no messages into these keys: each should be a list, and one that this user may change',
    ])
    await until(
      () => errors.some(([, text]) => text.startsWith('Redis refuses to give messages')),
      'the error',
    )
    const refusal = errors.find(([fields]) => 'err' in fields)?.[0]
    expect(refusal).toMatchObject({ err: { code: 'UNSUPPORTED' }, queue: declared.name })
    expect(await redis.hlen(`${prefix}unacked`)).toBe(1)
    redis.disconnect()
  })

  test('numbers that JavaScript would round are put back as they were', async () => {
    const [subject, declared] = [await direct(), queue()]
    const redis = plainClient(url)
    await redis.connect()
    const text =
      '{"body": "e30=", "headers": {"id": 12345678901234567890, "f": 1.0, "e": []}, "properties": {"priority": 3, "delivery_info": {}}}'
    await redis.lpush(`${globalKeyPrefix}${declared.name}\x06\x163`, text)
    const inbox = await inboxOf(subject, declared)
    const delivery = await inbox.next()
    await inbox.consumption.cancel()
    await delivery.requeue()
    const [back = ''] = await redis.lrange(`${globalKeyPrefix}${declared.name}\x06\x163`, 0, -1)
    expect(back).toContain('"id":12345678901234567890,"f":1.0,"e":[],"redelivered":true')
    redis.disconnect()
  })

  test('a message comes back within milliseconds of its time, by any worker of this package', async () => {
    const [publisher, mover, declared] = [await direct(), await direct(), queue()]
    await inboxOf(mover, queue())
    const due = Date.now() + 300
    const to = { exchange: '', routingKey: declared.name, declare: declared }
    await publisher.publish(messageOf('far'), to, { notBefore: new Date(Date.now() + 3_600_000) })
    await publisher.publish(messageOf('soon'), to, { notBefore: new Date(due) })
    await waiting(publisher, declared, 1)
    const late = Date.now() - due
    expect(late).toBeGreaterThanOrEqual(0)
    expect(late).toBeLessThan(250)
  })

  test('an idle worker gets a message at once', async () => {
    const [publisher, subject, declared] = [await direct(), await direct(), queue()]
    const inbox = await inboxOf(subject, declared)
    const took: number[] = []
    for (let count = 0; count < 20; count++) {
      const began = performance.now()
      await send(publisher, declared, String(count))
      const delivery = await inbox.next()
      took.push(performance.now() - began)
      await delivery.ack()
      await waiting(publisher, declared, 0)
    }
    // Looking every second would take half a second each.
    expect(took.toSorted((a, b) => a - b)[10]).toBeLessThan(100)
  })

  test('a topic exchange and a fanout exchange reach the queues that are bound', async () => {
    const [subject, other] = [await direct(), await direct()]
    const topic = { name: `x-${randomUUID()}`, type: 'topic' } as const
    const [feeds, all] = [queue(), queue()]
    await subject.declare({ ...feeds, exchange: topic, routingKey: 'feeds.*' })
    await subject.declare({ ...all, exchange: topic, routingKey: '#' })
    await other.publish(messageOf('a'), { exchange: topic.name, routingKey: 'feeds.new' })
    await other.publish(messageOf('b'), { exchange: topic.name, routingKey: 'feeds.new.more' })
    expect(await other.depth(feeds.name)).toMatchObject({ messages: 1 })
    expect(await other.depth(all.name)).toMatchObject({ messages: 2 })
    const fanout = { name: `x-${randomUUID()}`, type: 'fanout' } as const
    const inboxes = [
      await inboxOf(subject, { ...queue(), exchange: fanout, routingKey: '' }),
      await inboxOf(other, { ...queue(), exchange: fanout, routingKey: '' }),
    ]
    const declare = { ...queue(), exchange: fanout, routingKey: '' }
    await subject.publish(messageOf('news'), { exchange: fanout.name, routingKey: '', declare })
    for (const inbox of inboxes) {
      const delivery = await inbox.next()
      expect(bodyOf(delivery)).toBe('news')
      await delivery.ack()
    }
  })
})

describe.skipIf(!hasRedisServer)('a Redis of our own', () => {
  const running: OwnRedis[] = []
  afterEach(() => Promise.all(running.splice(0).map((redis) => redis.remove())))

  async function start(options: string[] = [], password?: string): Promise<OwnRedis> {
    const redis = await OwnRedis.start(options, password)
    running.push(redis)
    return redis
  }

  test('killed and started again: nothing that was published is lost, and work goes on', async () => {
    const redis = await start(['--appendonly', 'yes', '--appendfsync', 'always'])
    const [publisher, subject] = [await opened(redis.url, {}), await opened(redis.url, {})]
    const declared = queue()
    const bodies = Array.from({ length: 600 }, (_, n) => String(n))
    const got = new Set<string>()
    const onDelivery = (delivery: Delivery) => {
      got.add(bodyOf(delivery))
      setImmediate(() => void delivery.ack())
    }
    await subject.consume(declared, { prefetch: 20, onDelivery })
    const to = { exchange: '', routingKey: declared.name, declare: declared }
    const sent = bodies.map((body) => publisher.publish(messageOf(body), to, { timeout: 20 }))
    await until(() => got.size > 50, 'some messages')
    await redis.kill()
    await until(() => subject.state === 'reconnecting', 'the loss')
    await redis.start()
    await Promise.all(sent)
    await until(() => got.size === bodies.length, 'all messages')
    await waiting(subject, declared, 0)
  })

  test('one that is empty afterwards gets the bindings again', async () => {
    const redis = await start()
    const [subject, declared] = [await opened(redis.url, {}), queue()]
    const inbox = await inboxOf(subject, declared)
    await redis.kill()
    await until(() => subject.state === 'reconnecting', 'the loss')
    await redis.start()
    await until(() => subject.state === 'open', 'the connection')
    const other = await opened(redis.url, {})
    await other.publish(messageOf('x'), { exchange: declared.name, routingKey: declared.name })
    expect(bodyOf(await inbox.next())).toBe('x')
  })

  test('one that tells of no changed keys is looked at every second', async () => {
    const redis = await start(['--rename-command', 'CLIENT', ''])
    const log = recordingLog()
    const [subject, declared] = [await opened(redis.url, { log }), queue()]
    const inbox = await inboxOf(subject, declared)
    for (const body of ['a', 'b']) {
      await send(subject, declared, body)
      const delivery = await inbox.next()
      expect(bodyOf(delivery)).toBe(body)
      await delivery.ack()
    }
    expect(log.warnings).toEqual([expect.stringContaining('CLIENT TRACKING')])
  })

  test('what it does not permit leaves nothing behind', async () => {
    const redis = await start()
    const admin = plainClient(redis.url)
    await admin.connect()
    await admin.acl('SETUSER', 'some', 'on', '>word', '~*', '&*', '+@all', '-subscribe', '-zadd')
    const subject = await opened(redis.url.replace('//', '//some:word@'), {})
    const fanout = { name: 'x', type: 'fanout' } as const
    const got: string[] = []
    const onDelivery = (delivery: Delivery) => got.push(bodyOf(delivery))
    const refused = { code: 'UNSUPPORTED', message: expect.stringMatching(/permission|can't run/) }
    const feeding = subject.consume({ name: 'fed', exchange: fanout }, { prefetch: 1, onDelivery })
    await expect(feeding).rejects.toMatchObject(refused)
    const direct = { name: 'reply', type: 'direct' } as const
    const listening = subject.listen({
      exchange: direct,
      routingKey: 'k',
      queue: 'replies',
      onMessage: () => undefined,
    })
    await expect(listening).rejects.toMatchObject(refused)
    await send(subject, { name: 'fed' }, 'a')
    await admin.call('CLIENT', 'KILL', 'USER', 'some')
    await until(() => subject.state === 'reconnecting', 'the loss')
    await until(() => subject.state === 'open', 'the connection', 5)
    await admin.acl('SETUSER', 'some', '+@all')
    const inbox = await inboxOf(subject, { name: 'fed' })
    expect([bodyOf(await inbox.next()), got]).toEqual(['a', []])
    admin.disconnect()
  })

  test('one that throws keys away is warned of', async () => {
    const redis = await start(['--maxmemory', '100mb', '--maxmemory-policy', 'allkeys-lru'])
    const log = recordingLog()
    await opened(redis.url, { log })
    expect(log.warnings).toEqual([expect.stringContaining('noeviction')])
  })

  test('a wrong password is said, and not shown', async () => {
    const redis = await start(['--requirepass', 'sesame'], 'sesame')
    await opened(redis.url, {})
    const wrong = createRedisBroker(redis.url.replace('sesame', 'swordfish'))
    const error = await wrong.open().catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'UNSUPPORTED', message: expect.stringContaining('WRONGPASS') })
    expect(inspect(error, { depth: 10 })).not.toContain('swordfish')
    expect(wrong.state).toBe('closed')
  })

  test('a cluster is refused in plain words', async () => {
    const redis = await start(['--cluster-enabled', 'yes'])
    const subject = await opened(redis.url, {})
    await expect(send(subject, queue(), 'x')).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      message: expect.stringContaining('Cluster'),
    })
  })
})
