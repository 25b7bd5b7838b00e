import { EventEmitter } from 'node:events'
import type { Channel, ChannelModel, ConsumeMessage } from 'amqplib'
import { expect, test } from 'vitest'
import { AmqpConsumer } from '../../src/brokers/amqp/consumer.ts'
import type { Delivery } from '../../src/brokers/port.ts'
import { noLog } from '../../src/log.ts'

/** A channel with one message in its queue. */
function channelWithMessage() {
  const message = {
    content: Buffer.from('[]'),
    fields: { deliveryTag: 1, redelivered: false, exchange: '', routingKey: 'q', consumerTag: 'tag' },
    properties: { headers: {} },
  } as unknown as ConsumeMessage
  const nothing = async () => undefined
  return Object.assign(new EventEmitter(), {
    assertExchange: nothing,
    assertQueue: nothing,
    bindQueue: nothing,
    prefetch: nothing,
    cancel: nothing,
    close: nothing,
    async consume(_: string, onMessage: (message: ConsumeMessage) => void) {
      onMessage(message)
      return { consumerTag: 'tag' }
    },
  })
}

test('a cancelled consumer that loses its channel with a message in hand has ended', async () => {
  const channel = channelWithMessage()
  const model = { createChannel: async () => channel as unknown as Channel } as unknown as ChannelModel
  const deliveries: Delivery[] = []
  let isEnded = false
  const consumer = new AmqpConsumer(
    { connected: async () => model },
    { name: 'q' },
    { prefetch: 1, onDelivery: (delivery) => deliveries.push(delivery) },
    {
      log: noLog,
      park: async () => undefined,
      ended() {
        isEnded = true
      },
    },
  )
  await consumer.start()
  await consumer.cancel()
  expect([deliveries.length, isEnded]).toEqual([1, false])
  channel.emit('close')
  expect([deliveries[0]?.isLost, isEnded]).toEqual([true, true])
})
