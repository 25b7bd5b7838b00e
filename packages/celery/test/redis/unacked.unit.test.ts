import { expect, test } from 'vitest'
import type { DeadLetter } from '../../src/brokers/dead-letter-store.ts'
import { decodeLetter, encodeLetter } from '../../src/brokers/letter.ts'
import {
  decodeDocument,
  encodeDocument,
  priorityOf,
  rewriteDocument,
} from '../../src/brokers/redis/document.ts'
import { BrokerKeys } from '../../src/brokers/redis/keys.ts'
import { readUnacked, unackedSuffix } from '../../src/brokers/redis/unacked.ts'
import { decodeTask } from '../../src/protocol/decode-task.ts'
import type { WireMessage } from '../../src/protocol/message.ts'
import { taskIdentity } from '../../src/protocol/read-headers.ts'

const message =
  '{"body": "e30=", "headers": {"n": 1.0}, "properties": {"priority": 6, "delivery_info": {"exchange": "x"}}}'

test('a message that kombu holds is marked as kombu marks it, its numbers as they stand', () => {
  expect(readUnacked(`[${message}, "x", "key"]`)).toEqual({
    text: '{"body":"e30=","headers":{"n":1.0,"redelivered":true},"properties":{"priority":6,"delivery_info":{"exchange":"x","redelivered":true}}}',
    priority: 6,
    exchange: 'x',
    routingKey: 'key',
  })
})

test.each(['celery', 'with "quotes" and \\', 'größe\n'])(
  'what this package holds goes back to the queue %j',
  (queue) => {
    const unacked = readUnacked(`[${message}${unackedSuffix(queue)}`)
    expect(unacked).toMatchObject({ priority: 6, exchange: '', routingKey: queue })
  },
)

test.each(['', 'no JSON', '[1, ', '","",""]', '{}', '"a"'])(
  'what is no message goes back as it is: %j',
  (text) => {
    const expected = { text, priority: 0, exchange: '', routingKey: 'celery' }
    expect(readUnacked(`[${text}${unackedSuffix('celery')}`)).toEqual(expected)
  },
)

test.each(['', '[]', 'null', '[{}, 1, 2]', '{"a": 1}'])('%j is of no form that is known', (value) => {
  expect(readUnacked(value)).toBeUndefined()
})

test.each([
  'no JSON',
  '[[], {}, null]',
  '{}',
  '"text"',
  '7',
  '{"task": "add", "id": "1", "args": []}',
  '{"body": "e30="}',
  '{"body": 5, "headers": {}, "properties": 7}',
])('what is no message is undecodable, whatever it looks like: %s', (text) => {
  const { message } = decodeDocument(text)
  expect(() => decodeTask(message, { maxBodySize: 1_000 })).toThrow(
    expect.objectContaining({ reason: 'undecodable' }),
  )
})

test.each([
  ['{"__type__": "order", "__value__": 7}', 'A value is of the type "order", which is not known here'],
  ['{"__type__": "date", "__value__": 7}', 'A value of the type "date" is not of that form'],
])('a message with a header that is %s is refused for that, and names its task', (tag, why) => {
  const headers = `{"task": "add", "id": "i", "tag": ${tag}}`
  const { message } = decodeDocument(
    `{"body": "W10=", "content-type": "application/json", "headers": ${headers}, "properties": {"body_encoding": "base64"}}`,
  )
  expect(() => decodeTask(message, { maxBodySize: 1_000 })).toThrow(
    expect.objectContaining({ reason: 'undecodable', message: why }),
  )
  expect(taskIdentity(message)).toEqual({ id: 'i', task: 'add' })
  expect([message.headers.tag, message.body.toString()]).toEqual([JSON.parse(tag), '[]'])
})

const unknown = { __type__: 'order', __value__: 7 }
const refused = JSON.stringify({
  body: 'W10=',
  'content-type': 'application/json',
  headers: { task: 'add', id: 'i', tag: unknown },
  properties: { body_encoding: 'base64', extra: [unknown] },
})

test('a message that is refused for a header can be parked with others, and goes on with it', () => {
  const document = decodeDocument(refused)
  const text = rewriteDocument(document, { ...document.message.headers, seen: 1 })
  expect(JSON.parse(text)).toMatchObject({
    headers: { tag: unknown, seen: 1 },
    properties: { extra: [unknown] },
  })
  expect(decodeDocument(text).message.unreadable).toBe(document.message.unreadable)
})

test('the dead letter of a message that was refused for a header can be sent again', () => {
  const { message } = decodeDocument(refused)
  const letter = decodeLetter(encodeLetter(letterOf(message)))
  const text = encodeDocument(letter?.message ?? message, { exchange: '', routingKey: 'q', tag: 't' })
  expect(JSON.parse(text)).toMatchObject({ headers: { tag: unknown } })
})

test('a header that only looks like a typed value is the mistake of who sends it', () => {
  const message = { ...decodeDocument(refused).message }
  delete message.unreadable
  expect(() => encodeDocument(message, { exchange: '', routingKey: 'q', tag: 't' })).toThrow('__type__')
})

test('a message that was put back loses its mark when it is parked, and nothing else changes', () => {
  const text =
    '{"body":"e30=","headers":{"n":1.0,"big":12345678901234567890},"properties":{"x":2.50,"delivery_info":{"exchange":"x"}}}'
  const marked = readUnacked(`[${text}${unackedSuffix('celery')}`)?.text ?? ''
  expect(marked).toContain('"redelivered":true')
  expect(rewriteDocument(decodeDocument(marked))).toBe(text)
})

test('what only Python reads loses its mark as well', () => {
  const document = decodeDocument('{"body": "e30=", "headers": {"n": NaN, "redelivered": true}}')
  expect(document.marked).toBeDefined()
  expect(decodeDocument(rewriteDocument(document))).toMatchObject({
    marked: undefined,
    message: { headers: { n: Number.NaN } },
  })
})

test('what is no JSON at all is refused for that', () => {
  const { message } = decodeDocument('{"body": "W10=", "headers": {')
  expect(() => decodeTask(message, { maxBodySize: 1_000 })).toThrow(/^The text is not JSON/)
})

test('priorities are whole numbers from 0 to 9', () => {
  expect([undefined, null, 'x', -3, 0, 4.7, '6', 99].map(priorityOf)).toEqual([0, 0, 0, 0, 0, 4, 6, 9])
})

test('a queue has a list for every third priority', () => {
  const keys = new BrokerKeys('app:', 2)
  const lists = Array.from({ length: 10 }, (_, priority) => keys.list('q', priority))
  const suffixes = [
    '',
    '',
    '',
    '\x06\x163',
    '\x06\x163',
    '\x06\x163',
    '\x06\x166',
    '\x06\x166',
    '\x06\x166',
    '\x06\x169',
  ]
  expect(lists).toEqual(suffixes.map((suffix) => `app:q${suffix}`))
  expect(keys.lists('q')).toEqual(
    ['', '\x06\x163', '\x06\x166', '\x06\x169'].map((suffix) => `app:q${suffix}`),
  )
  expect(keys.channel('celeryev', 'worker.online')).toBe('app:/2.celeryev/worker.online')
  expect(keys.keyOfChannel('celeryev', 'app:/2.celeryev/worker.online')).toBe('worker.online')
})

function letterOf(message: WireMessage): DeadLetter {
  return {
    id: 'l',
    reason: 'undecodable',
    taskId: 'i',
    task: 'add',
    queue: 'q',
    exchange: '',
    routingKey: 'q',
    diedAt: '2026-03-01T00:00:00.000Z',
    worker: 'w@host',
    error: { type: 'ProtocolError', message: 'unknown', traceback: undefined },
    history: [],
    message,
  }
}
