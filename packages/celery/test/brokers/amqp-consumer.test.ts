import { randomUUID } from 'node:crypto'
import { EventEmitter } from 'node:events'
import type { Channel, ChannelModel, ConsumeMessage } from 'amqplib'
import { expect, onTestFinished, test } from 'vitest'
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

/** A channel that answers when it is let, with the prefetch of each of its subscriptions by tag. */
class SlowChannel extends EventEmitter {
  readonly subscriptions = new Map<string, number>()
  readonly #answer: () => Promise<void>
  #prefetch = 0

  constructor(answer: () => Promise<void> = async () => undefined) {
    super()
    this.#answer = answer
  }

  async assertExchange() {}
  async assertQueue() {}
  async bindQueue() {}
  async close() {}

  async prefetch(prefetch: number) {
    await this.#answer()
    this.#prefetch = prefetch
  }

  async consume() {
    const consumerTag = randomUUID()
    this.subscriptions.set(consumerTag, this.#prefetch)
    return { consumerTag }
  }

  async cancel(tag: string) {
    this.subscriptions.delete(tag)
  }
}

test('a prefetch that is said while a new channel is set up makes no subscription beside the first', async () => {
  const [asked, answer] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const first = new SlowChannel()
  const second = new SlowChannel(() => {
    asked.resolve()
    return answer.promise
  })
  const channels = [first, second]
  const model = { createChannel: async () => channels.shift() } as unknown as ChannelModel
  const consumer = new AmqpConsumer(
    { connected: async () => model },
    { name: 'q' },
    { prefetch: 100, onDelivery: () => undefined },
    { log: noLog, park: async () => undefined, serve: async () => undefined, ended: () => undefined },
  )
  onTestFinished(() => consumer.stop())
  await consumer.start()
  first.emit('close')
  await asked.promise
  const said = consumer.setPrefetch(101)
  answer.resolve()
  await said
  expect([...second.subscriptions.values()]).toEqual([100, 1])
  await consumer.setPrefetch(50)
  expect([...second.subscriptions.values()]).toEqual([50])
})
