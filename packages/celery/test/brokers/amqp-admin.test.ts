import { EventEmitter } from 'node:events'
import type { Channel, ChannelModel } from 'amqplib'
import { expect, test } from 'vitest'
import { Admin } from '../../src/brokers/amqp/admin.ts'
import { Delays } from '../../src/brokers/amqp/delays.ts'
import { until } from '../../testing/broker-contract/suite.ts'

function channelOf(name: string) {
  const channel = Object.assign(new EventEmitter(), {
    name,
    isOpen: true,
    async close() {
      channel.isOpen = false
      channel.emit('close')
    },
  })
  return channel
}

test('a channel that comes after its caller has given up is closed, and takes no other’s place', async () => {
  const [late, second] = [channelOf('late'), channelOf('second')]
  const opening = Promise.withResolvers<unknown>()
  const answers = [opening.promise, Promise.resolve(second)]
  const model = { createChannel: () => answers.shift() } as unknown as ChannelModel
  const admin = new Admin({ connected: async () => model, failure: undefined })
  const used: string[] = []
  const use = async (channel: Channel) => void used.push((channel as unknown as typeof late).name)
  await expect(admin.run(use, 0.01)).rejects.toMatchObject({ code: 'BROKER_UNAVAILABLE' })
  await admin.run(use)
  opening.resolve(late)
  await until(() => !late.isOpen, 'the end of the late channel')
  await admin.run(use)
  expect([used, second.isOpen]).toEqual([['second', 'second'], true])
})

test('who asks while there is no connection is told why', async () => {
  const admin = new Admin({ connected: () => new Promise(() => {}), failure: new Error('refused') })
  await expect(admin.run(async () => undefined, 0.01)).rejects.toThrow(
    'RabbitMQ did not answer in time: refused',
  )
})

test('the queues that messages were parked for are not remembered without end', async () => {
  let runs = 0
  const delays = new Delays(
    { publish: async () => undefined },
    { run: async () => ++runs as never },
    { failure: undefined },
    'quorum',
  )
  const until = new Date(Date.now() + 3_600_000)
  const park = (queue: string) => delays.park(queue, until, Buffer.from(''), {}, 5)
  await park('first')
  await park('first')
  // All levels, and one queue.
  expect(runs).toBe(2)
  for (let n = 1; n <= 10_000; n++) await park(`queue ${n}`)
  await park('first')
  expect(runs).toBe(2 + 10_001)
})
