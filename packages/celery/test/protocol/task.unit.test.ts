import { randomBytes } from 'node:crypto'
import zlib from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { DeathReason } from '../../src/brokers/dead-letter-store.ts'
import { decodeTask } from '../../src/protocol/decode-task.ts'
import { encodeTask } from '../../src/protocol/encode-task.ts'
import type { TaskMessage, WireMessage } from '../../src/protocol/message.ts'
import { ProtocolError } from '../../src/protocol/protocol-error.ts'
import { taskIdentity } from '../../src/protocol/read-headers.ts'
import { readSignature } from '../../src/protocol/signature.ts'
import { sendable } from './support/values.ts'

const limits = { maxBodySize: 100_000 }
const noEmbed = { callbacks: null, errbacks: null, chain: null, chord: null }
const signature = {
  task: 'tasks.next',
  args: [],
  kwargs: {},
  options: {},
  subtask_type: null,
  immutable: false,
}

function message(over: Partial<TaskMessage> = {}): TaskMessage {
  return {
    headers: { lang: 'js', task: 'tasks.add', id: 'id-1' },
    properties: { contentType: 'application/json', contentEncoding: 'utf-8', correlationId: 'id-1' },
    args: [],
    kwargs: {},
    embed: noEmbed,
    ...over,
  }
}

function wire(body: unknown, over: Partial<WireMessage> = {}): WireMessage {
  const { headers, properties } = encodeTask(message())
  const bytes = Buffer.isBuffer(body)
    ? body
    : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
  return { headers, properties, body: bytes, ...over }
}

const withHeaders = (headers: Record<string, unknown>) =>
  wire([[], {}, noEmbed], { headers: { lang: 'py', task: 'tasks.add', id: 'id-1', ...headers } })

const withProperties = (properties: object, body: unknown = [[], {}, noEmbed]) =>
  wire(body, { properties: { contentType: 'application/json', contentEncoding: 'utf-8', ...properties } })

describe('a task message', () => {
  test('comes back as it was sent', () => {
    fc.assert(
      fc.property(
        sendable.list,
        fc.constantFrom(undefined, 'gzip', 'zstd', 'brotli'),
        (args, compression) => {
          const wire = encodeTask(message({ args }), { compression: compression as 'gzip' | undefined })
          const { headers, ...rest } = decodeTask(wire, limits)
          const { headers: sent, ...others } = message({ args })
          expect(headers).toMatchObject(sent)
          expect(encodeTask({ headers: sent, ...rest })).toEqual(encodeTask({ headers: sent, ...others }))
        },
      ),
    )
  })

  test('carries what is to follow it', () => {
    const embed = {
      callbacks: [signature],
      errbacks: [signature],
      chain: [signature, signature],
      chord: signature,
    }
    expect(decodeTask(encodeTask(message({ embed })), limits).embed).toEqual(embed)
  })

  test('says in its properties what it is, whatever it was told', () => {
    const properties = { contentType: 'text/plain', contentEncoding: 'x', priority: 3, replyTo: 'r' }
    expect(encodeTask(message({ properties })).properties).toEqual({
      contentType: 'application/json',
      contentEncoding: 'utf-8',
      priority: 3,
      replyTo: 'r',
    })
  })

  test('sent on without compression says no longer that it is compressed', () => {
    const first = encodeTask(message({ args: [1] }), { compression: 'gzip' })
    expect(first.headers.compression).toBe('application/x-gzip')
    const again = encodeTask(decodeTask(first, limits))
    expect(again.headers).not.toHaveProperty('compression')
    expect(decodeTask(again, limits).args).toEqual([1])
  })

  test('may be compressed as gzip by those who take the name at its word', () => {
    const body = zlib.gzipSync('[[1], {}, {}]')
    const headers = { lang: 'py', task: 'tasks.add', id: 'id-1', compression: 'gzip' }
    expect(decodeTask(wire(body, { headers }), limits).args).toEqual([1])
  })

  test('says where the value is that cannot be sent', () => {
    expect(() => encodeTask(message({ kwargs: { when: [new Map()] } }))).toThrow('kwargs.when[0] is a Map')
    expect(() => encodeTask(message({ args: [Symbol('x')] }))).toThrow('args[0] is a symbol')
  })

  test.each([
    ['application/json', 'utf-8'],
    ['application/json; charset=utf-8', 'UTF-8'],
    ['Application/JSON', 'us-ascii'],
    ['application/json', 'binary'],
  ])('is read with the content type %s and encoding %s', (contentType, contentEncoding) => {
    expect(decodeTask(withProperties({ contentType, contentEncoding }), limits).args).toEqual([])
  })

  test('without an embed, or with signatures that lack fields, has them filled in', () => {
    expect(decodeTask(wire([[], {}, null]), limits).embed).toEqual(noEmbed)
    const { callbacks, chord } = decodeTask(
      wire([[], {}, { callbacks: [{ task: 'a' }], chord: { task: 'b', own: 1 } }]),
      limits,
    ).embed
    expect(callbacks).toEqual([{ ...signature, task: 'a' }])
    expect(chord).toEqual({ ...signature, task: 'b', own: 1 })
  })

  test('keeps headers of the sender’s own, and has none of the protocol’s that is null where none may be', () => {
    const { headers } = decodeTask(
      withHeaders({ traceparent: '00-x', retries: null, timelimit: null, eta: null, lang: undefined }),
      limits,
    )
    expect(headers).toEqual({ lang: '', task: 'tasks.add', id: 'id-1', traceparent: '00-x', eta: null })
  })

  test('has times of its arguments in the time zone given', () => {
    const body = '[[{"__type__": "datetime", "__value__": "2026-01-01T12:00:00"}], {}, null]'
    const { args } = decodeTask(wire(body), { ...limits, timeZone: 'Asia/Tokyo' })
    expect(args).toEqual([new Date('2026-01-01T03:00:00Z')])
  })
})

describe('what is refused', () => {
  const bomb = zlib.deflateSync(Buffer.alloc(1_000_000, ' '))
  const pickle = Buffer.from('800495', 'hex')

  const cases: [what: string, message: WireMessage, reason: DeathReason, says: RegExp][] = [
    [
      'pickle',
      withProperties({ contentType: 'application/x-python-serialize' }, pickle),
      'refused_content_type',
      /application\/x-python-serialize/,
    ],
    [
      'yaml',
      withProperties({ contentType: 'application/x-yaml' }),
      'refused_content_type',
      /only application\/json/,
    ],
    [
      'msgpack',
      withProperties({ contentType: 'application/x-msgpack' }),
      'refused_content_type',
      /x-msgpack/,
    ],
    [
      'data',
      withProperties({ contentType: 'application/data' }),
      'refused_content_type',
      /application\/data/,
    ],
    ['text', withProperties({ contentType: 'text/plain' }), 'refused_content_type', /text\/plain/],
    ['no content type', withProperties({ contentType: undefined }), 'undecodable', /no content type/],
    ['another encoding', withProperties({ contentEncoding: 'utf-16' }), 'refused_content_type', /utf-16/],
    ['an encoding that is none', withProperties({ contentEncoding: 8 }), 'refused_content_type', /number/],
    ['a large body', wire(Buffer.alloc(100_001, ' ')), 'too_large', /100001 bytes, and at most 100000/],
    [
      'a bomb',
      { ...withHeaders({ compression: 'application/x-gzip' }), body: bomb },
      'too_large',
      /decompressed/,
    ],
    ['bzip2', withHeaders({ compression: 'application/x-bz2' }), 'undecodable', /gzip, zstd or brotli/],
    ['lzma', withHeaders({ compression: 'application/x-lzma' }), 'undecodable', /x-lzma/],
    ['a compression that is none', withHeaders({ compression: 1 }), 'undecodable', /number/],
    ['not what is said', withHeaders({ compression: 'application/zstd' }), 'undecodable', /is not the/],
    [
      'cut short',
      { ...withHeaders({ compression: 'gzip' }), body: zlib.deflateSync('[[], {}, {}]').subarray(0, 9) },
      'undecodable',
      /is not the/,
    ],
    ['no UTF-8', wire(Buffer.of(0x22, 0xff, 0x22)), 'undecodable', /UTF-8/],
    ['no JSON', wire('{args}'), 'undecodable', /JSON/],
    ['an unknown type', wire('[[{"__type__": "set", "__value__": []}], {}, {}]'), 'undecodable', /"set"/],
    [
      'version 1',
      wire({ task: 'tasks.add', id: 'x', args: [], kwargs: {} }, { headers: {} }),
      'unsupported_protocol',
      /task_protocol = 2/,
    ],
    ['version 1 with headers of 2', wire({ args: [], kwargs: {} }), 'unsupported_protocol', /version 1/],
    ['no task', wire([[], {}, {}], { headers: {} }), 'undecodable', /header task/],
    [
      'no headers',
      wire([[], {}, {}], { headers: null as unknown as Record<string, unknown> }),
      'undecodable',
      /header table/,
    ],
    ['two parts', wire([[], {}]), 'undecodable', /list of args, kwargs and embed/],
    ['a text', wire('"x"'), 'undecodable', /list of args/],
    ['args', wire([{}, {}, {}]), 'undecodable', /args in the body/],
    ['kwargs', wire([[], [], {}]), 'undecodable', /kwargs in the body/],
    ['embed', wire([[], {}, []]), 'undecodable', /embed in the body/],
    ['callbacks', wire([[], {}, { callbacks: {} }]), 'undecodable', /callbacks in the body/],
    ['a callback', wire([[], {}, { callbacks: [{}] }]), 'undecodable', /One of the callbacks/],
    ['an errback', wire([[], {}, { errbacks: ['x'] }]), 'undecodable', /One of the errbacks/],
    [
      'a chain',
      wire([[], {}, { chain: [{ task: 'a', args: {} }] }]),
      'undecodable',
      /args that are not a list/,
    ],
    ['a chord', wire([[], {}, { chord: { task: 'a', kwargs: [] } }]), 'undecodable', /chord has kwargs/],
    ['options', wire([[], {}, { chord: { task: 'a', options: 1 } }]), 'undecodable', /chord has options/],
    [
      'a subtask_type',
      wire([[], {}, { chord: { task: 'a', subtask_type: 1 } }]),
      'undecodable',
      /subtask_type/,
    ],
  ]

  test.each(cases)('%s', (_, message, reason, says) => {
    expect(() => decodeTask(message, limits)).toThrow(
      expect.objectContaining({ code: 'BAD_MESSAGE', reason }),
    )
    expect(() => decodeTask(message, limits)).toThrow(says)
  })

  test.each<[string, unknown]>([
    ['task', ''],
    ['task', 1],
    ['id', null],
    ['id', {}],
    ['lang', 1],
    ['shadow', []],
    ['eta', 'tomorrow'],
    ['eta', 12],
    ['eta', ''],
    ['expires', '2026-02-30T00:00:00+00:00'],
    ['group', 1],
    ['group_index', '1'],
    ['retries', -1],
    ['retries', 1.5],
    ['retries', Number.NaN],
    ['timelimit', 5],
    ['timelimit', [1]],
    ['timelimit', [1, '2']],
    ['timelimit', [-1, null]],
    ['timelimit', [Infinity, null]],
    ['root_id', 1],
    ['parent_id', {}],
    ['argsrepr', []],
    ['origin', 1],
    ['ignore_result', 'yes'],
    ['replaced_task_nesting', 'x'],
    ['stamped_headers', 'x'],
    ['stamped_headers', [1]],
    ['stamps', []],
  ])('the header %s as %j', (name, value) => {
    const message = withHeaders({ [name]: value })
    expect(() => decodeTask(message, limits)).toThrow(expect.objectContaining({ reason: 'undecodable' }))
    expect(() => decodeTask(message, limits)).toThrow(`The header ${name} is not`)
  })

  test('whatever it is, with a reason and never otherwise', () => {
    const json = fc.oneof(
      fc.json().map((text) => Buffer.from(text)),
      fc
        .tuple(sendable.value, sendable.value, sendable.value)
        .map((parts) => encodeTask(message({ args: parts })).body),
      fc.uint8Array().map((bytes) => Buffer.from(bytes)),
      fc.uint8Array().map((bytes) => zlib.deflateSync(bytes)),
    )
    const names = [
      'task',
      'id',
      'eta',
      'expires',
      'timelimit',
      'retries',
      'compression',
      'stamps',
      'lang',
      'shadow',
    ]
    const headers = fc.dictionary(
      fc.constantFrom(...names),
      fc.oneof(fc.anything(), fc.constantFrom('gzip', 'zstd', 'a')),
    )
    const contentType = fc.oneof({ weight: 9, arbitrary: fc.constant('application/json') }, fc.string())
    fc.assert(
      fc.property(headers, contentType, json, (headers, contentType, body) => {
        const wire = { headers, properties: { contentType, contentEncoding: 'utf-8' }, body }
        taskIdentity(wire)
        try {
          decodeTask(wire, limits)
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError)
        }
      }),
      { numRuns: 500 },
    )
  })

  test('bytes behind a compressed body’s header that are noise', () => {
    for (const compression of ['application/x-gzip', 'application/zstd', 'application/x-brotli']) {
      const noise = { ...withHeaders({ compression }), body: randomBytes(200) }
      expect(() => decodeTask(noise, limits)).toThrow(ProtocolError)
    }
  })
})

test('the id and name are told, however wrong the rest is', () => {
  expect(taskIdentity(withHeaders({ eta: 'x' }))).toEqual({ id: 'id-1', task: 'tasks.add' })
  expect(taskIdentity(wire('', { headers: { id: 1 } }))).toEqual({ id: undefined, task: undefined })
})

test('a signature that is complete is not copied', () => {
  expect(readSignature(signature)).toBe(signature)
})

test.each([
  ['queue', 7],
  ['exchange', { name: 'other' }],
  ['routing_key', ['other']],
])('a signature is undecodable whose %s is no name', (name, value) => {
  const given = { ...signature, options: { [name]: value } }
  expect(() => readSignature(given, 'A callback')).toThrow(
    `A callback has an option ${name} that is not a name`,
  )
  expect(readSignature({ ...signature, options: { [name]: null } })).toMatchObject({ task: 'tasks.next' })
})
