import { EventEmitter } from 'node:events'
import type { Channel, ChannelModel } from 'amqplib'
import { expect, test } from 'vitest'
import { Admin } from '../../src/brokers/amqp/admin.ts'
import { Delays } from '../../src/brokers/amqp/delays.ts'

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

/** RabbitMQ that may have stopped reading: then it answers neither the opening nor the end of a channel. */
function adminOf(rabbit: { reads: boolean }) {
  const opened: ReturnType<typeof channelOf>[] = []
  const unanswered: (() => void)[] = []
  const answer = async () => {
    if (!rabbit.reads) await new Promise<void>((resolve) => unanswered.push(resolve))
  }
  const model = {
    async createChannel() {
      const channel = channelOf(`${opened.length}`)
      opened.push(channel)
      await answer()
      const { close } = channel
      channel.close = async () => {
        await answer()
        await close()
      }
      return channel
    },
  } as unknown as ChannelModel
  const admin = new Admin({ connected: async () => model, failure: undefined })
  const readAgain = () => {
    rabbit.reads = true
    for (const resolve of unanswered.splice(0)) resolve()
  }
  return { admin, opened, readAgain }
}

const nameOf = async (channel: Channel) => (channel as unknown as { name: string }).name
const tooLate = { code: 'BROKER_UNAVAILABLE', message: 'RabbitMQ did not answer in time' }

test('while the opening of a channel is unanswered no other is opened: it is for those who come after', async () => {
  const { admin, opened, readAgain } = adminOf({ reads: false })
  const used: string[] = []
  const use = async (channel: Channel) => used.push(await nameOf(channel))
  for (let n = 0; n < 3; n++) await expect(admin.run(use, 0.01)).rejects.toMatchObject(tooLate)
  const next = admin.run(use)
  readAgain()
  await next
  expect([opened.length, used]).toEqual([1, ['0']])
})

test('what goes unanswered on a channel costs that one and, while RabbitMQ does not read, no more', async () => {
  const rabbit = { reads: true }
  const { admin, opened, readAgain } = adminOf(rabbit)
  expect(await admin.run(nameOf)).toBe('0')
  rabbit.reads = false
  for (let n = 0; n < 3; n++)
    await expect(admin.run(() => new Promise(() => {}), 0.01)).rejects.toMatchObject(tooLate)
  const next = admin.run(nameOf)
  readAgain()
  expect(await next).toBe('1')
  expect(opened.map(({ isOpen }) => isOpen)).toEqual([false, true])
})

test('what has waited for others until its time was over is not begun, and costs nobody the channel', async () => {
  const { admin, opened } = adminOf({ reads: true })
  const first = Promise.withResolvers<void>()
  const slow = admin.run(() => first.promise)
  let isBegun = false
  const late = admin.run(async () => {
    isBegun = true
  }, 0)
  first.resolve()
  await slow
  await expect(late).rejects.toMatchObject(tooLate)
  expect(await admin.run(nameOf)).toBe('0')
  expect([isBegun, opened.length]).toEqual([false, 1])
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
