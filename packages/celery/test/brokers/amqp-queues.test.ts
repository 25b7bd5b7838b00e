import { EventEmitter } from 'node:events'
import type { Channel, ChannelModel } from 'amqplib'
import { expect, test } from 'vitest'
import { unavailable } from '../../src/brokers/amqp/errors.ts'
import type { Link } from '../../src/brokers/amqp/link.ts'
import { Publisher } from '../../src/brokers/amqp/publisher.ts'
import { Queues } from '../../src/brokers/amqp/queues.ts'
import { noLog } from '../../src/log.ts'

/** RabbitMQ that takes every declaration, until it is away. */
function queuesOf() {
  const declared: string[] = []
  const checked: string[] = []
  const rabbit = { isAway: false }
  const channel = {
    assertExchange: async () => undefined,
    checkExchange: async (name: string) => void checked.push(name),
    assertQueue: async (name: string) => void declared.push(name),
    bindQueue: async () => undefined,
  } as unknown as Channel
  const run = async <T>(work: (channel: Channel) => Promise<T>) => {
    if (rabbit.isAway) throw unavailable('RabbitMQ is away')
    return work(channel)
  }
  return { declared, checked, rabbit, queues: new Queues({ run }, noLog) }
}

test('a queue is declared once a channel, though its declaration is made anew for each message', async () => {
  const { declared, queues } = queuesOf()
  await Promise.all([queues.ensure({ name: 'a' }), queues.ensure({ name: 'a' })])
  expect(queues.ensure({ name: 'a' })).toBeUndefined()
  await queues.ensure({ name: 'a', arguments: { 'x-max-priority': 5 } })
  await queues.ensure({ name: 'b' })
  expect(declared).toEqual(['a', 'a', 'b'])
  queues.forget()
  await queues.declareAgain()
  expect(declared).toEqual(['a', 'a', 'b', 'a', 'a', 'b'])
  expect(queues.ensure({ name: 'b' })).toBeUndefined()
})

test('an argument may be a bigint', async () => {
  const { declared, queues } = queuesOf()
  const withLength = (length: bigint) => queues.ensure({ name: 'a', arguments: { 'x-max-length': length } })
  await withLength(2n ** 40n)
  expect(withLength(2n ** 40n)).toBeUndefined()
  await withLength(2n ** 41n)
  expect(declared).toEqual(['a', 'a'])
})

test('on a new channel only those queues are declared that messages go to, named or bound to their exchange', async () => {
  const { declared, checked, queues } = queuesOf()
  const feeds = { name: 'books', type: 'topic' } as const
  for (const name of ['a', 'b', 'c']) await queues.ensure({ name })
  await queues.ensure({ name: 'd', exchange: feeds, routingKey: 'd.#' })
  await queues.ensure({ name: 'e', exchange: feeds, routingKey: 'e.#' })
  queues.forget()
  declared.length = 0
  await queues.prepareAgain([
    { exchange: '', routingKey: 'b' },
    { exchange: '', routingKey: 'b' },
    { exchange: '', routingKey: 'of-others' },
  ])
  expect(declared).toEqual(['b'])
  await queues.prepare({ exchange: 'books', routingKey: 'd.new' })
  expect([declared, checked]).toEqual([['b', 'd', 'e'], []])
  expect(queues.prepare({ exchange: 'books', routingKey: 'd.old' })).toBeUndefined()
  await queues.prepare({ exchange: 'others', routingKey: 'x' })
  expect(queues.prepare({ exchange: 'others', routingKey: 'y' })).toBeUndefined()
  await queues.prepare({ exchange: '', routingKey: 'a', declare: { name: 'a' } })
  expect([declared, checked]).toEqual([['b', 'd', 'e', 'a'], ['others']])
  expect(queues.prepare({ exchange: '', routingKey: 'a', declare: { name: 'a' } })).toBeUndefined()
})

test('while the rest is declared again what is needed goes between, and nothing goes on when RabbitMQ is away', async () => {
  const { declared, rabbit, queues } = queuesOf()
  for (const name of ['a', 'b', 'c']) await queues.ensure({ name })
  queues.forget()
  declared.length = 0
  const rest = queues.declareAgain()
  const needed = queues.prepare({ exchange: '', routingKey: 'c' })
  await Promise.all([rest, needed])
  expect(declared).toEqual(['a', 'c', 'b'])
  queues.forget()
  rabbit.isAway = true
  await queues.declareAgain()
  await queues.prepareAgain([{ exchange: '', routingKey: 'a' }])
  rabbit.isAway = false
  await queues.prepare({ exchange: '', routingKey: 'a' })
  expect(declared).toEqual(['a', 'c', 'b', 'a'])
})

test('a message that a channel took which was gone already is sent on the next one', async () => {
  const opened: EventEmitter[] = []
  const sent: string[] = []
  const model = {
    createConfirmChannel: async () => {
      const channel = new EventEmitter()
      let isGone = false
      channel.on('close', () => {
        isGone = true
      })
      const publish = (_: string, key: string, __: Buffer, ___: object, confirm: (error: null) => void) => {
        if (isGone) throw Object.assign(new Error('Channel closed'), { name: 'IllegalOperationError' })
        sent.push(key)
        setImmediate(() => confirm(null))
      }
      opened.push(channel)
      const prefetch = async () => undefined
      return Object.assign(channel, { publish, prefetch, close: async () => void channel.emit('close') })
    },
  } as unknown as ChannelModel
  const link = { connected: async () => model, isBlocked: false, onUnblocked() {} } as unknown as Link
  const waited: string[] = []
  const publisher = new Publisher(link, noLog, async (channel, waiting) => {
    waited.push(...waiting.map(({ routingKey }) => routingKey))
    if (opened.length === 2) channel.emit('close')
  })
  await publisher.start()
  opened[0]?.emit('close')
  await publisher.publish('', 'q', Buffer.from('x'), {}, 5)
  expect([opened.length, sent, waited]).toEqual([3, ['q'], ['q']])
  await publisher.stop()
})
