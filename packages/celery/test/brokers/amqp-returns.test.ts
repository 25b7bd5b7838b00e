import { randomUUID } from 'node:crypto'
import type { Channel, ConsumeMessage } from 'amqplib'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { AmqpDelivery, type Park } from '../../src/brokers/amqp/delivery.ts'
import { DeliveryChannel } from '../../src/brokers/amqp/delivery-channel.ts'
import { bodyOf, inboxOf, send, waiting } from '../../testing/broker-contract/suite.ts'
import { leftOut, servers } from '../../testing/servers.ts'
import { useRabbit } from './support/rabbit.ts'

if (!servers.amqp) leftOut('orderly returns to RabbitMQ', 'TEST_AMQP_URL')

/** A delivery with these headers, and what is sent to RabbitMQ for it. */
function deliveryWith(headers: Record<string, unknown>, park: Park = async () => undefined) {
  const frames: unknown[][] = []
  const channel = {
    connection: {},
    ack: () => frames.push(['ack']),
    nack: (_: object, ...how: boolean[]) => frames.push(['nack', ...how]),
    reject: (_: object, ...how: boolean[]) => frames.push(['reject', ...how]),
  } as unknown as Channel
  const deliveries = new DeliveryChannel(channel, () => {})
  const raw = {
    content: Buffer.from('[]'),
    fields: { deliveryTag: 1, redelivered: true, exchange: '', routingKey: 'q', consumerTag: 'tag' },
    properties: { headers },
  } as unknown as ConsumeMessage
  return { frames, delivery: new AmqpDelivery(raw, { name: 'q' }, deliveries, park) }
}

test('what is given back is no failure, and what is discarded is one', async () => {
  const [given, discarded] = [deliveryWith({ 'x-delivery-count': 9 }), deliveryWith({})]
  await given.delivery.requeue()
  await discarded.delivery.discard()
  expect(given.frames).toEqual([['nack', false, true]])
  expect(discarded.frames).toEqual([['reject', false]])
})

test('what cannot be sent anew goes back nonetheless', async () => {
  let tries = 0
  const { delivery, frames } = deliveryWith({ 'x-delivery-count': 10 }, async () => {
    tries++
    throw new Error('short of memory')
  })
  await delivery.requeue()
  expect([tries, frames]).toEqual([1, [['nack', false, true]]])
})

describe('of what is sent anew, while nobody knows whether RabbitMQ has it', () => {
  afterEach(() => void vi.useRealTimers())

  /** Its worker gives it back, and has waited for that as long as it does. */
  async function inDoubt() {
    vi.useFakeTimers()
    const known = Promise.withResolvers<void>()
    const { delivery, frames } = deliveryWith({ 'x-delivery-count': 10 }, () => known.promise)
    const returned = delivery.requeue()
    await vi.advanceTimersByTimeAsync(3_000)
    await returned
    expect(frames).toEqual([])
    return { known, frames }
  }

  test('the worker goes on, and the original goes when it is there', async () => {
    const { known, frames } = await inDoubt()
    known.resolve()
    await vi.runAllTimersAsync()
    expect(frames).toEqual([['ack']])
  })

  test('the original goes back once that is refused', async () => {
    const { known, frames } = await inDoubt()
    known.reject(new Error('the queue is full'))
    await vi.runAllTimersAsync()
    expect(frames).toEqual([['nack', false, true]])
  })
})

test('RabbitMQ 4.3 takes back as often as one likes', async () => {
  let tries = 0
  const headers = { 'x-delivery-count': 12, 'x-acquired-count': 50 }
  const { delivery, frames } = deliveryWith(headers, async () => void tries++)
  await delivery.requeue()
  expect([tries, frames]).toEqual([0, [['nack', false, true]]])
})

describe.skipIf(!servers.amqp)('on RabbitMQ', () => {
  const rabbit = useRabbit()

  test('a quorum queue keeps what workers give back more often than its limit', async () => {
    const broker = await rabbit.broker()
    const queue = {
      name: `returns-${randomUUID()}`,
      arguments: { 'x-queue-type': 'quorum', 'x-delivery-limit': 20 },
    }
    rabbit.remove(queue.name)
    await send(broker, queue, 'a')
    for (let stops = 0; stops < 25; stops++) {
      const inbox = await inboxOf(broker, queue)
      const delivery = await inbox.next()
      await inbox.consumption.cancel()
      await delivery.requeue()
    }
    const inbox = await inboxOf(broker, queue)
    const last = await inbox.next()
    expect(bodyOf(last)).toBe('a')
    await last.ack()
    await waiting(broker, queue, 0)
  })
})
