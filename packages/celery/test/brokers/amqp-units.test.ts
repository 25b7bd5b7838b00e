import { Duplex, PassThrough } from 'node:stream'
import { setImmediate as turn } from 'node:timers/promises'
import type { Channel, Message } from 'amqplib'
import { describe, expect, test } from 'vitest'
import {
  delayedBinding,
  delayedKey,
  delaySeconds,
  isDelayedKey,
  keyBeforeDelay,
  longestDelay,
} from '../../src/brokers/amqp/delay-key.ts'
import { DeliveryChannel } from '../../src/brokers/amqp/delivery-channel.ts'
import { fieldTable } from '../../src/brokers/amqp/field-table.ts'
import { findReturned, type Outgoing } from '../../src/brokers/amqp/outgoing.ts'
import { SharedHeaders } from '../../src/brokers/amqp/shared-headers.ts'
import { describeServer, parseAmqpUrl } from '../../src/brokers/amqp/url.ts'
import { wireMessage } from '../../src/brokers/amqp/wire.ts'
import { topicMatches } from '../../src/brokers/topic.ts'
import { Decimal, PlainDate, Uuid } from '../../src/protocol/python-values.ts'

describe('the URL is read as kombu reads it', () => {
  test.each([
    [
      'amqp://',
      { hostname: '127.0.0.1', port: 5672, username: 'guest', password: 'guest', virtualHost: '/' },
    ],
    ['amqp://host//', { hostname: 'host', virtualHost: '/' }],
    ['amqp://host/', { virtualHost: '/' }],
    ['amqp://host', { virtualHost: '/' }],
    ['amqp://host/%2Fa%20b', { virtualHost: '/a b' }],
    ['amqp://host//a', { virtualHost: '/a' }],
    ['amqp://host/a', { virtualHost: 'a' }],
    ['amqp://u%40x:p%2F%3A@host:80/v', { username: 'u@x', password: 'p/:', hostname: 'host', port: 80 }],
    ['amqp://u:p@:5673/v', { username: 'u', hostname: '127.0.0.1', port: 5673, virtualHost: 'v' }],
    ['amqps://host', { protocol: 'amqps', port: 5671 }],
    [
      'pyamqp://host?heartbeat=30',
      { protocol: 'amqp', port: 5672, heartbeat: 30, connectTimeout: undefined },
    ],
    ['amqp://host/v?connect_timeout=2.5', { virtualHost: 'v', heartbeat: undefined, connectTimeout: 2.5 }],
    ['amqp://[::1]:5672/', { hostname: '::1', port: 5672 }],
  ])('%s', (url, expected) => {
    expect(parseAmqpUrl(url)).toMatchObject([expected])
  })

  test('several are tried in turn', () => {
    const servers = parseAmqpUrl('amqp://a;amqp://b:5673/v;')
    expect(servers.map(({ hostname, port }) => `${hostname}:${port}`)).toEqual(['a:5672', 'b:5673'])
  })

  test.each([
    '',
    'redis://host',
    'amqp:host',
    'amqp://u:secret@host:port',
    'amqp://u:secret@ho st',
    'amqp://h/%zz',
  ])('no password is repeated when it cannot be read: %s', (url) => {
    expect(() => parseAmqpUrl(url)).toThrow(expect.objectContaining({ code: 'BAD_OPTION' }))
    expect(() => parseAmqpUrl(url)).not.toThrow(/secret/)
  })

  test.each([
    ['heartbeat=abc', 'The option heartbeat of the URL of RabbitMQ must be whole seconds from 0 to 65,535'],
    ['heartbeat=', 'not "".'],
    ['heartbeat=1.5', 'not "1.5".'],
    ['connect_timeout=0', 'connect_timeout of the URL of RabbitMQ must be a number of seconds above 0'],
    ['colour=red', 'colour of the URL of RabbitMQ is not known: those are heartbeat, connect_timeout.'],
    ['hidden@host', 'The option query of the URL of RabbitMQ has an @'],
  ])('as by kombu, an option that cannot be used is refused: %s', (query, message) => {
    const read = () => parseAmqpUrl(`amqp://user:secret@host/?${query}`)
    expect(read).toThrow(
      expect.objectContaining({ code: 'BAD_OPTION', message: expect.stringContaining(message) }),
    )
    expect(read).not.toThrow(/secret|hidden/)
  })

  test('it is described without a password', () => {
    const [server] = parseAmqpUrl('amqp://user:secret@host/v')
    expect(server && describeServer(server)).toEqual({
      transport: 'amqp',
      hostname: 'host',
      port: 5672,
      userid: 'user',
      virtual_host: 'v',
      ssl: false,
    })
  })
})

describe('delays', () => {
  test.each([
    [0, 1],
    [999, 1],
    [1_000, 1],
    [1_999, 1],
    [90_500, 90],
    [-5_000, 1],
    [1e13, longestDelay],
  ])('%i ms are so many seconds: %i', (milliseconds, seconds) => {
    expect(delaySeconds(new Date(1e12 + milliseconds), 1e12)).toBe(seconds)
  })

  test('the key is kombu’s 28 bits before a key of the queue', () => {
    const key = delayedKey(5, 'celery')
    expect(key).toBe(`${'0.'.repeat(25)}1.0.1.celery.celery-delayed`)
    expect(isDelayedKey(key)).toBe(true)
    expect(keyBeforeDelay(key)).toBeUndefined()
    expect(keyBeforeDelay(`${'1.'.repeat(28)}a.b`)).toBe('a.b')
    expect(isDelayedKey('celery')).toBe(false)
    expect(isDelayedKey(`${'1.'.repeat(27)}a`)).toBe(false)
  })

  test.each(['celery', 'a.b', 'b', 'ünicode', 'with.*', 'with.#.more', 'x'.repeat(255)])(
    'what is parked for %s comes to it, and to no other',
    (queue) => {
      const key = delayedKey(longestDelay, queue)
      expect(Buffer.byteLength(key)).toBeLessThanOrEqual(255)
      expect(topicMatches(delayedBinding(queue), key)).toBe(true)
      for (const other of ['b', 'a', 'more', `${queue}x`, `x.${queue.slice(0, 100)}`]) {
        if (other !== queue) expect(topicMatches(delayedBinding(other), key)).toBe(false)
      }
      // Python binds its queues so.
      expect(topicMatches(`#.${queue}`, key)).toBe(false)
    },
  )
})

describe('headers', () => {
  test('integers have the types that every Python reads', () => {
    const headers = {
      byte: 100,
      short: 3_600,
      int: 70_000,
      long: 2 ** 40,
      fraction: 0.5,
      nan: Number.NaN,
      huge: 1e30,
    }
    expect(fieldTable(headers)).toEqual({
      byte: 100,
      short: { '!': 'int', value: 3_600 },
      int: { '!': 'int', value: 70_000 },
      long: { '!': 'long', value: 2 ** 40 },
      fraction: { '!': 'double', value: 0.5 },
      nan: { '!': 'double', value: Number.NaN },
      huge: { '!': 'double', value: 1e30 },
    })
  })

  test('bytes are sent as bytes, of whichever class they are', () => {
    const table = fieldTable({ bytes: new Uint8Array([0, 1, 255]).subarray(1), buffer: Buffer.from('x') })
    expect(table).toEqual({ bytes: Buffer.from([1, 255]), buffer: Buffer.from('x') })
  })

  test('what RabbitMQ has added is none of the message’s', () => {
    const headers = {
      'x-death': [],
      'x-first-death-queue': 'q',
      'x-last-death-reason': 'expired',
      'x-delivery-count': 3,
      'x-acquired-count': 5,
      'x-match': 'all',
      id: 'i',
    }
    const read = wireMessage({ content: Buffer.from(''), properties: { headers } } as unknown as Message)
    expect(read.headers).toEqual({ 'x-match': 'all', id: 'i' })
  })

  test.each([
    ['12.50', 2, 1_250],
    ['+.5', 1, 5],
    ['7.', 0, 7],
    ['-12.50', 2, 2 ** 32 - 1_250],
    ['1.5E+3', 0, 1_500],
    ['25e-255', 255, 25],
    ['-0.0', 1, 0],
    ['2147483647', 0, 2_147_483_647],
  ])('a decimal has places, and digits of 32 bits with their sign: %s', (text, places, digits) => {
    const decimal = { '!': 'decimal', value: { places, digits } }
    expect(fieldTable({ price: new Decimal(text) })).toEqual({ price: decimal })
    // As it is read.
    expect(fieldTable({ price: decimal })).toEqual({ price: decimal })
  })

  test('a date is whole seconds, and what JSON has as text is text', () => {
    const id = '01890a5d-ac96-774b-bcce-b302099a8057'
    const headers = {
      at: new Date('2026-03-01T12:00:00.999Z'),
      id: new Uuid(id),
      day: new PlainDate('2026-03-01'),
      own: { toJSON: () => ({ id: new Uuid(id) }) },
    }
    expect(fieldTable(headers)).toEqual({
      at: { '!': 'timestamp', value: 1_772_366_400 },
      id,
      day: '2026-03-01',
      own: { '!': 'object', value: { id } },
    })
  })

  test.each([
    [() => 1, 'a function'],
    [Symbol('x'), 'a symbol'],
    [2n ** 64n, 'a bigint of more than 64 bits'],
    [new Map(), 'a Map'],
    [new Date(Number.NaN), 'a Date that is not in the years 1970 to 9999'],
    [new Date(-1), 'a Date that is not in the years 1970 to 9999'],
    ...['2147483648', '1e-256', '1e10', '0e999', 'NaN', '-Infinity'].map((text): [unknown, string] => [
      new Decimal(text),
      `a Decimal, ${text}, of more digits than there is room for`,
    ]),
  ])('what has no form in AMQP is refused, and where it is: %o', (bad, what) => {
    expect(() => fieldTable({ deep: [null, { bad }] })).toThrow(
      expect.objectContaining({
        code: 'BAD_VALUE',
        message: `The header or argument deep[1].bad is ${what}, which AMQP cannot carry; use text, numbers and the like.`,
      }),
    )
  })
})

test('a message has its own headers alone, however many names there were before it', () => {
  const shared = new SharedHeaders()
  const sent = (headers: Record<string, unknown>) =>
    Object.entries(shared.of(headers)).filter(([, value]) => value !== undefined)
  expect(sent({ a: 1, b: null })).toEqual([
    ['a', 1],
    ['b', null],
  ])
  expect(sent({ c: 3 })).toEqual([['c', 3]])
  for (let i = 0; i < 1_000; i++) expect(sent({ [`made up ${i}`]: i })).toEqual([[`made up ${i}`, i]])
  expect(Object.keys(shared.of({})).length).toBeLessThan(200)
})

test('of messages that look the same, the first that was not returned yet is meant', () => {
  const outgoing = (routingKey: string, correlationId: string, isReturned = false) =>
    ({ exchange: '', routingKey, options: { correlationId }, isReturned }) as Outgoing
  const inFlight = [outgoing('a', '1'), outgoing('b', '1', true), outgoing('b', '2'), outgoing('b', '1')]
  const find = (routingKey: string, id: string) => findReturned(inFlight, { exchange: '', routingKey }, id)
  expect(find('b', '1')).toBe(inFlight[3])
  expect(find('b', '2')).toBe(inFlight[2])
  expect(find('c', '1')).toBeUndefined()
})

describe('an acknowledgement before the task begins', () => {
  /** The library's channel: its frames wait in a buffer, and then in the socket. */
  function channelTo(socket: Duplex) {
    const buffer = new PassThrough({ objectMode: true })
    const acked: number[] = []
    const ack = ({ fields }: { fields: { deliveryTag: number } }) => {
      acked.push(fields.deliveryTag)
      buffer.write(Buffer.from('ack'))
    }
    const channel = { ch: 1, connection: { stream: socket, channels: { 1: { buffer } } }, ack }
    const deliveries = new DeliveryChannel(channel as unknown as Channel, () => {})
    for (const tag of [1, 2]) {
      deliveries.receive(tag)
      deliveries.handOut()
    }
    return { deliveries, acked, passOn: () => buffer.on('data', (frame) => socket.write(frame)) }
  }

  test('is out when the operating system has it, and not before', async () => {
    const writes: (() => void)[] = []
    const socket = new Duplex({ read() {}, write: (_frame, _encoding, done) => void writes.push(done) })
    const { deliveries, acked, passOn } = channelTo(socket)
    const told: boolean[] = []
    const out = Promise.all([1, 2].map((tag) => deliveries.ackFirst(tag))).then((each) => told.push(...each))
    for (let turns = 0; turns < 5; turns++) await turn()
    expect([acked, writes.length, told]).toEqual([[2], 0, []])
    passOn()
    for (let turns = 0; turns < 5; turns++) await turn()
    expect([writes.length, told]).toEqual([1, []])
    while (told.length === 0) {
      writes.shift()?.()
      await turn()
    }
    await out
    expect(told).toEqual([true, true])
  })

  test('is in vain when the channel is lost first; one that was perhaps sent counts as out', async () => {
    let fail = (_error: Error) => {}
    // As a real one, it ends the write that is under way when it is destroyed.
    const socket = new Duplex({
      read() {},
      write(_frame, _encoding, done) {
        fail = done
      },
      destroy(_error, done) {
        fail(new Error('gone'))
        done(null)
      },
    })
    const { deliveries, acked, passOn } = channelTo(socket)
    passOn()
    const sent = deliveries.ackFirst(1)
    for (let turns = 0; turns < 5; turns++) await turn()
    const unsent = deliveries.ackFirst(2)
    deliveries.lose()
    socket.destroy()
    expect([await sent, await unsent, acked]).toEqual([true, false, [1]])
  })
})
