import { randomUUID } from 'node:crypto'
import { type Channel, type ChannelModel, type ConsumeMessage, connect } from 'amqplib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { scanQueue, type Verdict } from '../../src/brokers/amqp/scan.ts'
import { leftOut, servers } from '../../testing/servers.ts'
import { useRabbit } from './support/rabbit.ts'

if (!servers.amqp) leftOut('looking through a queue of RabbitMQ', 'TEST_AMQP_URL')

describe.skipIf(!servers.amqp)('a look through a queue of RabbitMQ', () => {
  const rabbit = useRabbit()
  let connection: ChannelModel
  beforeAll(async () => {
    connection = await connect(servers.amqp ?? '')
  })
  afterAll(() => connection?.close())

  async function queueOf(count: number): Promise<string> {
    const queue = `scan-${randomUUID()}`
    rabbit.remove(queue, `${queue}.lock`)
    await rabbit.channel.assertQueue(queue)
    for (let n = 0; n < count; n++) rabbit.channel.sendToQueue(queue, Buffer.from(String(n)))
    // Answered once these are there.
    await rabbit.channel.checkQueue(queue)
    return queue
  }

  /** A connection whose channels are changed by the test before they are used. */
  function linkWith(change: (channel: Channel) => void) {
    const createChannel = async () => {
      const channel = await connection.createChannel()
      change(channel)
      return channel
    }
    return { connected: async () => ({ createChannel }) as unknown as ChannelModel }
  }

  /** What is seen, in its order. */
  function seeing(verdict: (body: string) => Verdict) {
    const seen: string[] = []
    const visit = ({ content }: ConsumeMessage) => {
      seen.push(content.toString())
      return verdict(content.toString())
    }
    return { seen, visit }
  }

  const left = async (queue: string) => (await rabbit.channel.checkQueue(queue)).messageCount

  test('sees all in order, though RabbitMQ never sends many ahead, and puts back what stays', async () => {
    const queue = await queueOf(250)
    const ahead: number[] = []
    const link = linkWith((channel) => {
      const prefetch = channel.prefetch.bind(channel)
      channel.prefetch = (count, isGlobal) => {
        ahead.push(count)
        return prefetch(count, isGlobal)
      }
    })
    const { seen, visit } = seeing((body) => (body.endsWith('0') ? 'remove' : 'keep'))
    await scanQueue(link, queue, 10_000, visit)
    expect(seen).toEqual(Array.from({ length: 250 }, (_, n) => String(n)))
    expect(Math.max(...ahead)).toBeLessThanOrEqual(100)
    expect(await left(queue)).toBe(225)
  })

  test('ends with enough, and with the last that it may see', async () => {
    const queue = await queueOf(250)
    const some = seeing((body) => (body === '120' ? 'enough' : 'keep'))
    await scanQueue(
      linkWith(() => {}),
      queue,
      10_000,
      some.visit,
    )
    expect(some.seen).toHaveLength(121)
    const most = seeing(() => 'keep')
    await scanQueue(
      linkWith(() => {}),
      queue,
      130,
      most.visit,
    )
    expect(most.seen).toHaveLength(130)
    expect(await left(queue)).toBe(250)
  })

  test('ends when somebody has taken what was counted', async () => {
    const queue = await queueOf(3)
    const link = linkWith((channel) => {
      const prefetch = channel.prefetch.bind(channel)
      channel.prefetch = async (count, isGlobal) => {
        await rabbit.channel.get(queue, { noAck: true })
        return prefetch(count, isGlobal)
      }
    })
    const { seen, visit } = seeing(() => 'keep')
    await scanQueue(link, queue, 10_000, visit)
    expect(seen).toEqual(['1', '2'])
    expect(await left(queue)).toBe(2)
  })

  test('that takes too long has put everything back when it says so', async () => {
    const queue = await queueOf(3)
    const link = linkWith((channel) => {
      const consume = channel.consume.bind(channel)
      channel.consume = (name) => consume(name, () => {})
      const cancel = Promise.withResolvers<never>()
      channel.cancel = () => cancel.promise
    })
    const { visit } = seeing(() => 'keep')
    const looking = scanQueue(link, queue, 10_000, visit, 1)
    await expect(looking).rejects.toMatchObject({ code: 'BROKER_UNAVAILABLE' })
    expect(await left(queue)).toBe(3)
    const { seen, visit: again } = seeing(() => 'keep')
    await scanQueue(
      linkWith(() => {}),
      queue,
      10_000,
      again,
    )
    expect(seen).toHaveLength(3)
  })
})
