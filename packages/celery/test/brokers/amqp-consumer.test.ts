import { EventEmitter } from 'node:events'
import type { Channel, ChannelModel, ConsumeMessage } from 'amqplib'
import { expect, test } from 'vitest'
import { AmqpConsumer } from '../../src/brokers/amqp/consumer.ts'
import type { Delivery } from '../../src/brokers/port.ts'
import { noLog } from '../../src/log.ts'

/** A channel that delivers so many messages, whatever the prefetch, and keeps the tags of those it gets back. */
function channelWith(messages: number) {
  const message = (deliveryTag: number) =>
    ({
      content: Buffer.from('[]'),
      fields: { deliveryTag, redelivered: false, exchange: '', routingKey: 'q', consumerTag: 'tag' },
      properties: { headers: {} },
    }) as unknown as ConsumeMessage
  const nothing = async () => undefined
  const back: number[] = []
  return Object.assign(new EventEmitter(), {
    assertExchange: nothing,
    assertQueue: nothing,
    bindQueue: nothing,
    prefetch: nothing,
    cancel: nothing,
    close: nothing,
    back,
    nack: ({ fields }: ConsumeMessage) => back.push(fields.deliveryTag),
    async consume(_: string, onMessage: (message: ConsumeMessage) => void) {
      for (let tag = 1; tag <= messages; tag++) onMessage(message(tag))
      return { consumerTag: 'tag' }
    },
  })
}

/** A consumer with a prefetch of 1, and what it has delivered. */
async function consumerOn(channel: ReturnType<typeof channelWith>) {
  const model = { createChannel: async () => channel as unknown as Channel } as unknown as ChannelModel
  const deliveries: Delivery[] = []
  const state = { isEnded: false }
  const ended = () => {
    state.isEnded = true
  }
  const consumer = new AmqpConsumer(
    { connected: async () => model },
    { name: 'q' },
    { prefetch: 1, onDelivery: (delivery) => deliveries.push(delivery) },
    { log: noLog, park: async () => undefined, serve: async () => undefined, ended },
  )
  await consumer.start()
  return { consumer, deliveries, state }
}

test('a cancelled consumer that loses its channel with a message in hand has ended', async () => {
  const channel = channelWith(1)
  const { consumer, deliveries, state } = await consumerOn(channel)
  await consumer.cancel()
  expect([deliveries.length, state.isEnded]).toEqual([1, false])
  channel.emit('close')
  expect([deliveries[0]?.isLost, state.isEnded]).toEqual([true, true])
})

test('what came beyond the prefetch goes back when it is cancelled, and the rest may be settled', async () => {
  const channel = channelWith(3)
  const { consumer, deliveries, state } = await consumerOn(channel)
  await consumer.cancel()
  expect([deliveries.length, channel.back, state.isEnded]).toEqual([1, [2, 3], false])
  await deliveries[0]?.requeue()
  expect([channel.back, state.isEnded]).toEqual([[2, 3, 1], true])
})
