import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import type { Broker } from '../../src/brokers/port.ts'
import { createRedisBroker, type RedisBrokerOptions } from '../../src/brokers/redis/index.ts'
import { createCelery } from '../../src/create-celery.ts'
import { bodyOf, inboxOf, messageOf, send, until, waiting } from '../../testing/broker-contract/suite.ts'
import { leftOut, servers } from '../../testing/servers.ts'
import { plainClient, removeKeys } from '../redis/keys.ts'
import { PythonPeer } from '../redis/python-peer.ts'

const { redis: url = '', python = '' } = servers
if (url === '') leftOut('Redis beside kombu', 'TEST_REDIS_URL')
if (python === '') leftOut('Redis beside kombu', 'TEST_CELERY_PYTHON')

interface Shown {
  body: string
  headers: Record<string, unknown>
  properties: Record<string, unknown>
  delivery_info: Record<string, unknown>
  content_type: string
  payload: unknown
}

describe.skipIf(url === '' || python === '')('Redis beside kombu', () => {
  const prefix = `t-${randomUUID()}:`
  const brokers: Broker[] = []
  const peers: PythonPeer[] = []

  afterEach(async () => {
    await Promise.all(brokers.splice(0).map((broker) => broker.close()))
    await Promise.all(peers.splice(0).map((peer) => peer.kill()))
  })
  afterAll(() => removeKeys(url, prefix))

  async function openBroker(options: RedisBrokerOptions = {}): Promise<Broker> {
    const broker = createRedisBroker(url, { globalKeyPrefix: prefix, ...options })
    brokers.push(broker)
    await broker.open()
    return broker
  }

  function startPeer(): PythonPeer {
    const peer = new PythonPeer(python, url, prefix)
    peers.push(peer)
    return peer
  }

  const queue = () => ({ name: `q-${randomUUID()}` })

  test('what Python sends is consumed here, with all its properties', async () => {
    const [broker, peer, declared] = [await openBroker(), startPeer(), queue()]
    const id = await peer.ask('send', {
      task: 'shop.import',
      args: [1, 'zwei', 2 ** 53 - 1],
      queue: declared.name,
      options: { priority: 6, headers: { traceparent: '00-1-2-00' }, expires: 3_600 },
    })
    const delivery = await (await inboxOf(broker, declared)).next()
    const { headers, properties } = delivery.message
    expect(headers).toMatchObject({
      lang: 'py',
      task: 'shop.import',
      id,
      retries: 0,
      traceparent: '00-1-2-00',
    })
    expect(properties).toMatchObject({
      contentType: 'application/json',
      contentEncoding: 'utf-8',
      correlationId: id,
      deliveryMode: 2,
      priority: 6,
    })
    expect(bodyOf(delivery)).toMatch(/^\[\[1, "zwei", 9007199254740991\], \{\}, \{/)
    expect(delivery).toMatchObject({ routingKey: declared.name, redelivered: false })
    await delivery.ack()
    await waiting(broker, declared, 0)
  })

  test('what is sent here is consumed by kombu, in the order of priorities', async () => {
    const [broker, peer, declared] = [await openBroker(), startPeer(), queue()]
    for (const priority of [9, 3, 0]) {
      const message = messageOf(`[[${priority}], {}, {}]`, { timelimit: [null, 5], note: 'Grüße' })
      message.properties = { ...message.properties, priority, replyTo: 'reply-here' }
      await broker.publish(message, { exchange: '', routingKey: declared.name, declare: declared })
    }
    const shown: Shown[] = []
    while (shown.length < 3) shown.push(await peer.ask<Shown>('get', { queue: declared.name }))
    expect(shown.map(({ payload }) => payload)).toEqual([
      [[0], {}, {}],
      [[3], {}, {}],
      [[9], {}, {}],
    ])
    expect(shown[0]?.headers).toMatchObject({ timelimit: [null, 5], note: 'Grüße', task: 'contract.test' })
    expect(shown[0]?.properties).toMatchObject({ reply_to: 'reply-here', delivery_mode: 2, priority: 0 })
    expect(shown[0]?.delivery_info).toMatchObject({ exchange: '', routing_key: declared.name })
  })

  test('both bind queues to the same exchanges', async () => {
    const [broker, peer, declared] = [await openBroker(), startPeer(), queue()]
    await peer.ask('get', { queue: declared.name })
    await broker.publish(messageOf('"x"'), { exchange: declared.name, routingKey: declared.name })
    expect(await peer.ask<Shown>('get', { queue: declared.name })).toMatchObject({ payload: 'x' })
    const nowhere = { exchange: declared.name, routingKey: 'nowhere' }
    await expect(broker.publish(messageOf('"x"'), nowhere)).rejects.toMatchObject({ code: 'UNROUTABLE' })
  })

  test.each(['feeds.*.new-ones.#', '#', 'plain.key', 'größe.*', '*.a_b'])(
    'both bind the pattern %s alike',
    async (key) => {
      const [broker, peer, declared] = [await openBroker(), startPeer(), queue()]
      const exchange = { name: `x-${randomUUID()}`, type: 'topic' } as const
      await peer.ask('bind', { exchange: exchange.name, queue: declared.name, key })
      await broker.declare({ ...declared, exchange, routingKey: key })
      const redis = plainClient(url)
      await redis.connect()
      for (const name of ['binding', 'binding_permanent']) {
        expect(await redis.smembers(`${prefix}_kombu.${name}.${exchange.name}`)).toHaveLength(1)
      }
      redis.disconnect()
    },
  )

  test('kombu puts back what a worker of this package left, to its queue and marked as redelivered', async () => {
    const [broker, peer, declared] = [await openBroker(), startPeer(), queue()]
    await send(broker, declared, '"abandoned"', 3)
    const inbox = await inboxOf(broker, declared)
    const delivery = await inbox.next()
    await inbox.consumption.cancel()
    await peer.ask('restore', { queue: declared.name, older_than: 10 })
    expect(await broker.depth(declared.name)).toMatchObject({ messages: 0 })
    await peer.ask('restore', { queue: declared.name, older_than: -10 })
    const again = await peer.ask<Shown>('get', { queue: declared.name })
    expect(again).toMatchObject({ payload: 'abandoned', delivery_info: { redelivered: true } })
    expect(again.properties).toMatchObject({ priority: 3 })
    await delivery.ack()
  })

  test('what a Python worker left is put back here after the visibility timeout, and no sooner', async () => {
    const [peer, declared] = [startPeer(), queue()]
    const id = await peer.ask('send', { task: 'a.task', args: [1], queue: declared.name })
    const kept = await peer.ask<Shown>('get', { queue: declared.name, keep: true })
    await peer.kill()
    const patient = await openBroker({ leaseTimeout: 1, visibilityTimeout: 3_600 })
    const inbox = await inboxOf(patient, declared)
    const broker = await openBroker({ leaseTimeout: 1, visibilityTimeout: 2 })
    await inboxOf(broker, queue())
    const started = Date.now()
    const again = await inbox.next()
    expect(Date.now() - started).toBeGreaterThan(500)
    expect(again).toMatchObject({ redelivered: true, message: { headers: { id } } })
    expect(again.message.headers).not.toHaveProperty('redelivered')
    expect(bodyOf(again)).toBe(kept.body)
    await again.ack()
  })

  test('kombu puts back by hand what it took from here', async () => {
    const [broker, peer, declared] = [await openBroker(), startPeer(), queue()]
    await send(broker, declared, '"x"')
    await peer.ask('get', { queue: declared.name, keep: true })
    await peer.ask('requeue')
    const delivery = await (await inboxOf(broker, declared)).next()
    expect([bodyOf(delivery), delivery.redelivered]).toEqual(['"x"', true])
    await delivery.ack()
  })

  test('remote control by Python reaches who listens here, and the reply comes back', async () => {
    const [broker, peer] = [await openBroker(), startPeer()]
    const replied: Promise<void>[] = []
    await broker.listen({
      exchange: { name: 'celery.pidbox', type: 'fanout' },
      routingKey: '',
      queue: 'celery@ts.celery.pidbox',
      onMessage({ body }) {
        const request = JSON.parse(body.toString())
        const reply = messageOf(JSON.stringify({ 'celery@ts': { got: request.arguments } }), {
          ticket: request.ticket,
          clock: 1,
        })
        const exchange = { name: request.reply_to.exchange, type: 'direct' } as const
        replied.push(broker.cast(reply, { exchange, routingKey: request.reply_to.routing_key }))
      },
    })
    const replies = await peer.ask('broadcast', { command: 'probe', arguments: { n: 7 }, timeout: 2 })
    expect(replies).toEqual([{ 'celery@ts': { got: { n: 7 } } }])
    await Promise.all(replied)
  })

  test('what is cast here is heard by kombu', async () => {
    const [broker, peer] = [await openBroker(), startPeer()]
    const exchange = { name: `fan-${randomUUID()}`, type: 'fanout' } as const
    await peer.ask('listen', { exchange: exchange.name, queue: randomUUID() })
    await broker.cast(messageOf('{"method": "ping"}', { clock: 3 }), { exchange, routingKey: '' })
    const heard = await peer.ask<[unknown, Record<string, unknown>][]>('hear', { count: 1 })
    expect(heard[0]).toMatchObject([{ method: 'ping' }, { clock: 3 }])
  })

  test('tasks for a queue of a fanout exchange without a routing key go both ways', async () => {
    const [broker, peer, declared] = [await openBroker(), startPeer(), queue()]
    const exchange = { name: `fan-${randomUUID()}`, type: 'fanout' } as const
    const inbox = await inboxOf(broker, { ...declared, exchange })
    const fields = { task: 'shop.tell', args: [1], queue: declared.name, exchange: exchange.name }
    const id = await peer.ask('send_fanout', fields)
    const delivery = await inbox.next()
    expect(delivery).toMatchObject({
      exchange: exchange.name,
      routingKey: 'celery',
      message: { headers: { id } },
    })
    // As Celery's workers listen.
    await peer.ask('listen', { exchange: exchange.name, queue: declared.name, key: 'celery' })
    const app = createCelery({ broker: await openBroker(), queues: [{ ...declared, exchange }] })
    await app.send('shop.tell', { args: [2] }, { queue: declared.name })
    expect(await peer.ask('hear', { count: 1 })).toMatchObject([[[[2], {}, {}], { task: 'shop.tell' }]])
    expect(bodyOf(await inbox.next())).toMatch(/^\[\[2\]/)
  })

  test('events go both ways', async () => {
    const [broker, peer] = [await openBroker(), startPeer()]
    const heard: [string, string][] = []
    const exchange = { name: 'celeryev', type: 'topic' } as const
    await broker.listen({
      exchange,
      routingKey: '#',
      queue: randomUUID(),
      onMessage: ({ body }, key) => heard.push([key, body.toString()]),
    })
    await peer.ask('cast_event', { type: 'task-received', fields: { uuid: 'u1', name: 'a.task' } })
    await until(() => heard.length === 1, 'the event')
    expect(heard[0]?.[0]).toBe('task.received')
    expect(JSON.parse(heard[0]?.[1] ?? '')).toMatchObject({ type: 'task-received', uuid: 'u1' })
    await peer.ask('listen', { exchange: 'celeryev', queue: randomUUID(), key: '#' })
    await broker.cast(messageOf('{"type": "worker-online"}'), { exchange, routingKey: 'worker.online' })
    expect(await peer.ask('hear', { count: 1 })).toMatchObject([[{ type: 'worker-online' }, {}]])
  })
})
