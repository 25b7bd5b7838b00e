import { randomUUID } from 'node:crypto'
import { type Channel, type ChannelModel, connect } from 'amqplib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { AmqpDeadLetters } from '../../src/brokers/amqp/dead-letters.ts'
import { unavailable } from '../../src/brokers/amqp/errors.ts'
import { encodeLetter } from '../../src/brokers/letter.ts'
import { noLog } from '../../src/log.ts'
import { letterOf } from '../../testing/broker-contract/dead-letters.ts'
import { leftOut, servers } from '../../testing/servers.ts'
import { useRabbit } from './support/rabbit.ts'

if (!servers.amqp) leftOut('many dead letters in RabbitMQ', 'TEST_AMQP_URL')

describe.skipIf(!servers.amqp)('many dead letters in RabbitMQ', () => {
  const rabbit = useRabbit()
  let connection: ChannelModel
  beforeAll(async () => {
    connection = await connect(servers.amqp ?? '')
  })
  afterAll(() => connection?.close())

  /** A queue with so many letters that died one after the other, the last of the task `rare`. Their ids, and its. */
  async function queueOf(count: number): Promise<{ deadLetterQueue: string; ids: string[] }> {
    const deadLetterQueue = `dead-${randomUUID()}`
    rabbit.remove(deadLetterQueue, `${deadLetterQueue}.lock`)
    await rabbit.channel.assertQueue(deadLetterQueue, { arguments: { 'x-queue-type': 'classic' } })
    const letters = Array.from({ length: count }, (_, n) =>
      letterOf(n === count - 1 ? 'rare' : 'common', new Date(Date.UTC(2026, 2, 1) + n).toISOString()),
    )
    for (const letter of letters)
      rabbit.channel.sendToQueue(deadLetterQueue, Buffer.from(encodeLetter(letter)))
    // Answered once these are there.
    await rabbit.channel.checkQueue(deadLetterQueue)
    return { deadLetterQueue, ids: letters.map(({ id }) => id) }
  }

  test('one behind ten thousand others is listed, got and removed', async () => {
    const { deadLetterQueue, ids } = await queueOf(10_050)
    const { deadLetters } = await rabbit.broker({ deadLetterQueue })
    const rare = ids.at(-1) ?? ''
    const { letters, next } = await deadLetters.list({ task: 'rare' })
    expect([letters.map(({ id }) => id), next]).toEqual([[rare], undefined])
    expect(await deadLetters.get(rare)).toMatchObject({ id: rare })
    const after = `${new Date(Date.UTC(2026, 2, 1) + 10_040).toISOString()}/~`
    const page = await deadLetters.list({ after })
    expect([page.letters.map(({ id }) => id), page.next]).toEqual([ids.slice(10_041), undefined])
    expect(await deadLetters.remove([rare])).toBe(1)
    expect(await deadLetters.get(rare)).toBeUndefined()
    expect(await deadLetters.count()).toBe(10_049)
  })

  test('no more are looked through than it takes to find what is wanted', async () => {
    const { deadLetterQueue, ids } = await queueOf(10_500)
    let taken = 0
    const letters = lettersOn(deadLetterQueue, (channel) => {
      const { consume } = channel
      channel.consume = (queue, onMessage) => {
        const counted: typeof onMessage = (message) => {
          taken++
          onMessage(message)
        }
        return consume.call(channel, queue, counted)
      }
    })
    expect((await letters.list({ limit: 1 })).letters).toMatchObject([{ id: ids[0] }])
    expect(taken).toBeLessThanOrEqual(10_100)
    taken = 0
    expect(await letters.remove([ids[0] ?? ''])).toBe(1)
    expect(taken).toBeLessThanOrEqual(10_100)
  })

  test('a queue that is not looked through in time: what was found is a page, and else that is told', async () => {
    const { deadLetterQueue, ids } = await queueOf(150)
    const letters = lettersOn(deadLetterQueue, (channel) => {
      const { consume } = channel
      let times = 0
      channel.consume = (...args) =>
        ++times === 1 ? consume.apply(channel, args) : Promise.reject(unavailable('It took too long'))
    })
    const tooLong = {
      code: 'BROKER_UNAVAILABLE',
      message: expect.stringMatching(/the oldest 10\d were looked/),
    }
    const page = await letters.list({ limit: 1_000 })
    expect(page.letters.map(({ id }) => id)).toEqual(ids.slice(0, 100))
    await expect(letters.list({ after: page.next ?? '' })).rejects.toMatchObject(tooLong)
    await expect(letters.list({ task: 'rare' })).rejects.toMatchObject(tooLong)
    await expect(letters.get(ids[149] ?? '')).rejects.toMatchObject(tooLong)
    await expect(letters.remove([ids[0] ?? '', ids[149] ?? ''])).rejects.toMatchObject(tooLong)
    expect((await rabbit.channel.checkQueue(deadLetterQueue)).messageCount).toBe(149)
  })

  /** Those of a queue, over channels that are changed by the test before they are used. */
  function lettersOn(queue: string, change: (channel: Channel) => void): AmqpDeadLetters {
    const createChannel = async () => {
      const channel = await connection.createChannel()
      change(channel)
      return channel
    }
    const link = { connected: async () => ({ createChannel }) as unknown as ChannelModel }
    const admin = { run: <T>(work: (channel: Channel) => Promise<T>) => work(rabbit.channel) }
    const publisher = { publish: () => Promise.reject(new Error('nothing is added here')) }
    return new AmqpDeadLetters(queue, publisher, admin, link, noLog)
  }
})
