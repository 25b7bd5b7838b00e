import { type Channel, type ChannelModel, connect } from 'amqplib'
import { afterAll, afterEach, beforeAll } from 'vitest'
import { type AmqpBrokerOptions, createAmqpBroker } from '../../../src/brokers/amqp/index.ts'
import type { Broker } from '../../../src/brokers/port.ts'
import { servers } from '../../../testing/servers.ts'

export interface Rabbit {
  /** What others do at the same RabbitMQ: a channel of the bare library. */
  readonly channel: Channel
  broker(options?: AmqpBrokerOptions): Promise<Broker>
  /** Queues and exchanges that are removed after the test. */
  remove(...names: string[]): void
}

/** RabbitMQ as the tests of a file use it; nothing is connected where there is none. */
export function useRabbit(): Rabbit {
  const url = servers.amqp
  const brokers: Broker[] = []
  const names: string[] = []
  let connection: ChannelModel | undefined
  let channel: Channel | undefined

  async function freshChannel(): Promise<void> {
    channel = await connection?.createChannel()
    channel?.on('error', () => {})
  }

  beforeAll(async () => {
    if (url === undefined) return
    connection = await connect(url)
    await freshChannel()
  })
  afterEach(async () => {
    await Promise.all(brokers.splice(0).map((broker) => broker.close()))
    await freshChannel()
    for (const name of names.splice(0)) {
      await channel?.deleteQueue(name)
      await channel?.deleteExchange(name)
    }
  })
  afterAll(() => connection?.close())

  return {
    get channel() {
      if (!channel) throw new Error('TEST_AMQP_URL is not set')
      return channel
    },
    async broker(options) {
      if (url === undefined) throw new Error('TEST_AMQP_URL is not set')
      const broker = createAmqpBroker(url, options)
      brokers.push(broker)
      await broker.open()
      return broker
    },
    remove: (...more) => names.push(...more),
  }
}
