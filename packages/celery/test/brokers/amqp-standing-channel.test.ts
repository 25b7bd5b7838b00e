import { EventEmitter } from 'node:events'
import type { Channel, ChannelModel } from 'amqplib'
import { afterEach, expect, test, vi } from 'vitest'
import { closeChannel, StandingChannel } from '../../src/brokers/amqp/standing-channel.ts'
import { noLog } from '../../src/log.ts'
import { until } from '../../testing/broker-contract/suite.ts'
import { recordingLog } from '../events/support/recording-log.ts'

afterEach(() => vi.restoreAllMocks())

test('a channel that is closed as soon as it is set up is opened again with growing pauses', async () => {
  vi.spyOn(Math, 'random').mockReturnValue(1)
  const opened: number[] = []
  const standing = new StandingChannel<Channel>(
    { connected: async () => ({}) as ChannelModel },
    {
      name: 'a test',
      log: noLog,
      async open() {
        opened.push(performance.now())
        const channel = new EventEmitter()
        setImmediate(() => channel.emit('close'))
        return channel as unknown as Channel
      },
      setUp: async () => undefined,
    },
  )
  await standing.start()
  await until(() => opened.length >= 4, 'the fourth channel')
  await standing.stop()
  // 0.1, 0.2 and 0.4 seconds, but that timers may be a little early.
  expect((opened[3] ?? 0) - (opened[0] ?? 0)).toBeGreaterThan(650)
})

test('a channel counts as closed when its connection is lost before RabbitMQ has answered', async () => {
  const channel = Object.assign(new EventEmitter(), {
    close: () => new Promise<void>(() => setImmediate(() => channel.emit('close'))),
  })
  await closeChannel(channel as unknown as Channel)
  expect(channel.listenerCount('close')).toBe(0)
})

test('one that is stopped while it is set up says so at once', async () => {
  const setting = Promise.withResolvers<void>()
  const begun = Promise.withResolvers<void>()
  const channel = Object.assign(new EventEmitter(), { close: async () => void channel.emit('close') })
  const standing = new StandingChannel<Channel>(
    { connected: async () => ({}) as ChannelModel },
    {
      name: 'a test',
      log: noLog,
      open: async () => channel as unknown as Channel,
      async setUp() {
        begun.resolve()
        await setting.promise
      },
    },
  )
  const started = standing.start()
  await begun.promise
  await standing.stop()
  setting.resolve()
  await expect(started).rejects.toMatchObject({ code: 'CLOSED' })
})

test('what is refused as it is set up is told to who wants it, and not logged as well', async () => {
  const log = recordingLog()
  const refused = new Error('RESOURCE_LOCKED')
  const channel = Object.assign(new EventEmitter(), { close: async () => void channel.emit('close') })
  const standing = new StandingChannel<Channel>(
    { connected: async () => ({}) as ChannelModel },
    {
      name: 'a test',
      log,
      open: async () => channel as unknown as Channel,
      async setUp() {
        channel.emit('error', refused)
        throw refused
      },
    },
  )
  await expect(standing.start()).rejects.toBe(refused)
  expect(log.warnings).toEqual([])
})
