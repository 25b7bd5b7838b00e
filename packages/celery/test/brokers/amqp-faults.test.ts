import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { AmqpBrokerOptions } from '../../src/brokers/amqp/index.ts'
import { createAmqpBroker } from '../../src/brokers/amqp/index.ts'
import type { Broker, Delivery } from '../../src/brokers/port.ts'
import { bodyOf, inboxOf, messageOf, send, until, waiting } from '../../testing/broker-contract/suite.ts'
import { canStartRabbitNode, type RabbitNode, startRabbitNode } from '../../testing/rabbitmq-node.ts'
import { leftOut, servers } from '../../testing/servers.ts'
import { recordLog } from '../worker/support.ts'

if (!servers.amqp) leftOut('faults of RabbitMQ', 'TEST_AMQP_URL')
else if (!canStartRabbitNode) leftOut('faults of RabbitMQ', 'no RabbitMQ is installed here: its path')

describe.skipIf(!servers.amqp || !canStartRabbitNode)('a RabbitMQ of its own', { timeout: 120_000 }, () => {
  let node: RabbitNode
  const brokers: Broker[] = []

  beforeAll(async () => {
    node = await startRabbitNode({
      channel_tick_interval: 1_000,
      dead_letter_worker_publisher_confirm_timeout: 1_000,
    })
  }, 120_000)
  afterAll(() => node?.remove())
  afterEach(async () => {
    await Promise.all(brokers.splice(0).map((broker) => broker.close()))
  })

  async function broker(url = node.url, options: AmqpBrokerOptions = {}): Promise<Broker> {
    const made = createAmqpBroker(url, { heartbeat: 2, ...options })
    brokers.push(made)
    await made.open()
    return made
  }

  test('killed and started again while messages are sent and done: none is lost', async () => {
    const [publisher, worker] = [await broker(), await broker()]
    const queue = { name: 'killed' }
    const done = new Set<string>()
    const onDelivery = (delivery: Delivery) => {
      done.add(bodyOf(delivery))
      void delivery.ack()
    }
    await worker.consume(queue, { prefetch: 10, onDelivery })
    const sent = new Set<string>()
    let count = 0
    let isOver = false
    const sending = Array.from({ length: 8 }, async () => {
      while (!isOver) {
        const body = String(count++)
        await publisher.publish(
          messageOf(body),
          { exchange: '', routingKey: queue.name, declare: queue },
          { timeout: 60 },
        )
        sent.add(body)
      }
    })
    await until(() => done.size > 500, 'the first 500')
    await node.kill()
    await until(() => worker.state === 'reconnecting' && publisher.state === 'reconnecting', 'the loss')
    await node.start()
    const before = done.size
    await until(() => done.size > before + 500, 'the next 500', 60)
    isOver = true
    await Promise.all(sending)
    await until(() => sent.difference(done).size === 0, 'all that was confirmed', 30)
    await waiting(worker, queue, 0)
  })

  test('what is parked for a queue that is gone holds up the rest until a worker makes the queue again', async () => {
    const subject = await broker()
    const [gone, kept] = [{ name: 'gone' }, { name: 'kept' }]
    const park = (queue: { name: string }, body: string) =>
      subject.publish(
        messageOf(body),
        { exchange: '', routingKey: queue.name, declare: queue },
        { notBefore: new Date(Date.now() + 1_000) },
      )
    for (const queue of [gone, kept]) await park(queue, 'while both are there')
    await waiting(subject, gone, 1)
    await node.control('delete_queue', gone.name)
    const keptInbox = await inboxOf(subject, kept)
    await keptInbox.next()
    // More than RabbitMQ has on their way out of a queue at a time.
    const bodies = Array.from({ length: 40 }, (_, n) => String(n))
    for (const body of bodies) await park(gone, body)
    await park(kept, 'behind')
    await until(
      async () => (await subject.depth('celery_delayed_0'))?.messages === 0,
      'the end of their time',
    )
    expect(keptInbox.received).toHaveLength(1)
    const goneInbox = await inboxOf(await broker(), gone, 100)
    await until(() => goneInbox.received.length === bodies.length, 'all that was parked', 30)
    expect(goneInbox.bodies().toSorted()).toEqual(bodies.toSorted())
    expect(bodyOf(await keptInbox.next())).toBe('behind')
  })

  test('a login that is refused meanwhile is told, once in the log and by each send', async () => {
    const { log, lines } = recordLog()
    await node.control('add_user', 'somebody', 'first')
    await node.control('set_permissions', 'somebody', '.*', '.*', '.*')
    const subject = await broker(node.url.replace('guest:guest', 'somebody:first'), { log })
    const queue = { name: 'refused' }
    await send(subject, queue, 'a')
    await node.control('change_password', 'somebody', 'second')
    await node.control('close_all_connections', 'bye')
    const to = { exchange: '', routingKey: queue.name }
    const why = { code: 'BROKER_UNAVAILABLE', message: expect.stringMatching(/in time: .*ACCESS.REFUSED/) }
    const notBefore = new Date(Date.now() + 60_000)
    await until(() => lines.some(({ level }) => level === 'error'), 'the error')
    await expect(subject.publish(messageOf('b'), to, { timeout: 0.3 })).rejects.toMatchObject(why)
    await expect(subject.publish(messageOf('b'), to, { timeout: 0.3, notBefore })).rejects.toMatchObject(why)
    const errors = lines.filter(({ level }) => level === 'error')
    expect(errors).toMatchObject([{ fields: { reason: expect.stringMatching(/ACCESS.REFUSED/) } }])
    expect(JSON.stringify(lines)).not.toContain('first')
    await node.control('change_password', 'somebody', 'first')
    await until(() => subject.state === 'open', 'the connection')
    await send(subject, queue, 'c')
  })

  test('a consumer that RabbitMQ has cut off for its slowness goes on', async () => {
    // A channel keeps the patience that was set when it was opened.
    const patience = (milliseconds: number) =>
      node.control('eval', `application:set_env(rabbit, consumer_timeout, ${milliseconds}).`)
    const subject = await broker()
    const queue = { name: 'slow' }
    await send(subject, queue, 'a')
    await patience(10_000)
    const inbox = await inboxOf(subject, queue, 1)
    await patience(1_800_000)
    const slow = await inbox.next()
    await until(() => slow.isLost, 'the end of RabbitMQ’s patience', 60)
    await slow.ack()
    const again = await inbox.next()
    expect([bodyOf(again), again.redelivered]).toEqual(['a', true])
    await again.ack()
    expect(subject.state).toBe('open')
    await waiting(subject, queue, 0)
  })

  test('short of memory it takes no messages, but what is delivered can be acknowledged', async () => {
    const subject = await broker()
    const queue = { name: 'short' }
    for (const body of ['a', 'b']) await send(subject, queue, body)
    const inbox = await inboxOf(subject, queue, 1)
    const a = await inbox.next()
    const to = { exchange: '', routingKey: queue.name }
    await node.control('set_vm_memory_high_watermark', 'absolute', '1')
    await until(() => isBlocked(subject, to), 'the alarm', 30)
    await a.ack()
    expect(bodyOf(await inbox.next())).toBe('b')
    expect(await subject.depth(queue.name)).toBeDefined()
    await node.control('set_vm_memory_high_watermark', '0.4')
    await until(async () => !(await isBlocked(subject, to)), 'the end of the alarm', 30)
  })

  test('short of memory it is sent what still waits afterwards, in order, and of what it refused one at most', async () => {
    const declarer = await broker()
    const queue = { name: 'after-the-alarm' }
    await declarer.declare(queue)
    await node.control('set_vm_memory_high_watermark', 'absolute', '1')
    // It has sent nothing yet, so RabbitMQ has not told it.
    const subject = await broker()
    const to = { exchange: '', routingKey: queue.name }
    const refused = Array.from({ length: 20 }, (_, n) =>
      subject.publish(messageOf(`refused ${n}`), to, { timeout: 1 }),
    )
    const why = { code: 'BROKER_UNAVAILABLE', message: expect.stringContaining('short of memory') }
    await Promise.all(refused.map((sent) => expect(sent).rejects.toMatchObject(why)))
    const undeclared = { ...to, routingKey: 'undeclared', declare: { name: 'undeclared' } }
    await expect(subject.publish(messageOf('x'), undeclared, { timeout: 1 })).rejects.toMatchObject(why)
    const bodies = Array.from({ length: 20 }, (_, n) => String(n))
    const kept = bodies.map((body) => subject.publish(messageOf(body), to, { timeout: 60 }))
    await node.control('set_vm_memory_high_watermark', '0.4')
    await Promise.all(kept)
    const inbox = await inboxOf(declarer, queue, 100)
    await until(() => inbox.received.length > bodies.length, 'all')
    expect(inbox.bodies()).toEqual(['refused 0', ...bodies])
  })
})

async function isBlocked(broker: Broker, to: { exchange: string; routingKey: string }): Promise<boolean> {
  try {
    await broker.publish(messageOf('x'), to, { timeout: 0.5 })
    return false
  } catch (error) {
    return error instanceof Error && error.message.includes('short of memory')
  }
}
