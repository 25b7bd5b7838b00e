import zlib from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { CeleryError, TaskError } from '../../src/errors.ts'
import { celeryExceptions } from '../../src/protocol/celery-exceptions.ts'
import {
  exceptionData,
  readExceptionData,
  reprOfException,
  taskError,
} from '../../src/protocol/exceptions.ts'
import { decodeMeta, encodeMeta } from '../../src/protocol/meta.ts'
import { groupTuple, readResultTuple, resultTuple } from '../../src/protocol/result-tuple.ts'

describe('an error becomes an exception', () => {
  class Named extends Error {
    override name = 'FeedError'
  }
  class Unnamed extends TypeError {}
  const named = (name: string) => Object.assign(new Error('x'), { name })

  test.each<[unknown, string, string | null, unknown[]]>([
    [new Error('x'), 'Exception', 'builtins', ['x']],
    [new RangeError('x'), 'ValueError', 'builtins', ['x']],
    [new DOMException('late', 'TimeoutError'), 'TimeoutError', 'builtins', ['late']],
    [new DOMException('stop', 'AbortError'), 'AbortError', null, ['stop']],
    [new Named('x'), 'FeedError', null, ['x']],
    [new Unnamed('x'), 'Unnamed', null, ['x']],
    [new CeleryError('BAD_OPTION', 'x'), 'CeleryError', null, ['x']],
    [named('Odd name!'), 'Exception', 'builtins', ['Odd name!: x']],
    [named('a"b\n'), 'Exception', 'builtins', ['a"b\n: x']],
    [named(''), 'Exception', 'builtins', ['x']],
    [named('N'.repeat(10_000)), 'Exception', 'builtins', [`${'N'.repeat(200)}: x`]],
    [named('Größe_2'), 'Größe_2', null, ['x']],
    [new TaskError('not a name', { args: [1] }), 'Exception', 'builtins', ['not a name', 1]],
    [new TaskError('f.<locals>.Gone', { module: 'm' }), 'f.<locals>.Gone', 'm', []],
    [new TaskError('print', { args: ['x'] }), 'print', null, ['x']],
    [new Error('half \ud800'), 'Exception', 'builtins', ['half \ufffd']],
    ['text', 'Exception', 'builtins', ['text']],
    [undefined, 'Exception', 'builtins', [null]],
    [{ code: 7 }, 'Exception', 'builtins', [{ code: 7 }]],
    [new TaskError('KeyError', { args: ['k', new Map()] }), 'KeyError', 'builtins', ['k', '<Map>']],
  ])('%#', (error, exc_type, exc_module, exc_message) => {
    expect(exceptionData(error).data).toEqual({ exc_type, exc_module, exc_message })
  })

  test('with its stack and what caused it', () => {
    const python = new TaskError('ValueError', { args: ['bad'], traceback: 'Traceback of Python' })
    const { traceback } = exceptionData(new Error('outer', { cause: new Error('inner', { cause: python }) }))
    expect(traceback).toMatch(
      /^Error: outer\n +at (?:.|\n)*\nCaused by: Error: inner\n +at (?:.|\n)*\nCaused by: Traceback of Python$/,
    )
  })

  test('of a bounded length, causes that go in a circle or a getter that throws notwithstanding', () => {
    const circle = new Error('a')
    circle.cause = new Error('b', { cause: circle })
    expect(exceptionData(circle).traceback.match(/Caused by/g)).toHaveLength(1)
    expect(exceptionData(new Error('x'.repeat(200_000))).traceback.length).toBeLessThan(66_000)
    const evil = Object.defineProperty(new Error('x'), 'message', { get: () => Number(1n + (1 as never)) })
    expect(exceptionData(evil).data.exc_type).toBe('Exception')
  })
})

describe('an exception becomes an error', () => {
  test.each<[unknown, string, unknown[]]>([
    [['a', 1], 'a, 1', ['a', 1]],
    ['a', 'a', ['a']],
    [[], 'ValueError', []],
    [null, 'ValueError', []],
    [[{ toString: 1 }, [2n]], '{ toString: 1 }, [ 2n ]', [{ toString: 1 }, [2n]]],
  ])('%#', (exc_message, message, args) => {
    const error = taskError({ exc_type: 'ValueError', exc_message, exc_module: 'builtins' }, 'there')
    expect(error).toMatchObject({ type: 'ValueError', module: 'builtins', message, args, traceback: 'there' })
  })

  test('and again the same exception', () => {
    const data = { exc_type: 'Gone', exc_message: ['x', 2], exc_module: 'feeds.errors' }
    expect(exceptionData(taskError(data, 'there'))).toEqual({ data, traceback: 'there' })
  })

  test('whatever was stored', () => {
    expect(readExceptionData({ exc_type: 'X', exc_message: 'm' })).toEqual({
      exc_type: 'X',
      exc_message: 'm',
      exc_module: null,
    })
    for (const odd of [null, '', undefined])
      expect(readExceptionData(odd)).toEqual({
        exc_type: 'Exception',
        exc_message: [],
        exc_module: 'builtins',
      })
    expect(readExceptionData(['x'])).toEqual({
      exc_type: 'Exception',
      exc_message: [['x']],
      exc_module: 'builtins',
    })
  })

  test('shown as Python shows it', () => {
    const { data } = exceptionData(celeryExceptions.notRegistered("it's"))
    expect(reprOfException(data)).toBe("NotRegistered('it\\'s')")
  })
})

describe('a stored result', () => {
  const meta = {
    task_id: 'id-1',
    status: 'SUCCESS',
    result: { n: 2n ** 60n },
    traceback: null,
    children: [resultTuple('c')],
    date_done: '2026-03-01T09:30:00+00:00',
    group_id: 'g',
    queue: 'feeds',
  }

  test('comes back as it was kept, undefined as null', () => {
    expect(decodeMeta(encodeMeta(meta))).toEqual(meta)
    expect(decodeMeta(encodeMeta({ ...meta, result: undefined })).result).toBeNull()
  })

  test.each([
    ['FAILURE', { exc_type: 'Exception', exc_message: [], exc_module: 'builtins' }],
    ['REVOKED', { exc_type: 'TaskRevokedError', exc_message: [], exc_module: 'celery.exceptions' }],
    ['RETRY', { exc_type: 'Retry', exc_message: [], exc_module: 'celery.exceptions' }],
    ['STARTED', null],
  ])('in state %s without a result', (status, result) => {
    expect(decodeMeta(JSON.stringify({ status, result: null, task_id: 'x' }))).toEqual({
      task_id: 'x',
      status,
      result,
      traceback: null,
      children: [],
      date_done: null,
    })
  })

  test('may have a date that is no text', () => {
    const stored =
      '{"task_id": "x", "status": "SUCCESS", "date_done": {"__type__": "datetime", "__value__": "2026-03-01T09:30:00+00:00"}}'
    expect(decodeMeta(stored)).toMatchObject({
      task_id: 'x',
      date_done: '2026-03-01T09:30:00.000+00:00',
    })
  })

  const compressed = (type: string, body: Buffer) =>
    Buffer.concat([Buffer.from(`\0celery-compressed\0${type}`), body])
  const packed = zlib.deflateSync(encodeMeta(meta))

  test('may be compressed', () => {
    expect(decodeMeta(compressed('application/x-gzip\0', packed))).toEqual(meta)
    expect(decodeMeta(Buffer.from(encodeMeta(meta)))).toEqual(meta)
  })

  test.each<[string, string | Buffer, string]>([
    ['not JSON', '<html>', 'undecodable'],
    ['a list', '[]', 'undecodable'],
    ['no status', '{"task_id": "x"}', 'undecodable'],
    ['no id', '{"status": "SUCCESS"}', 'undecodable'],
    ['no UTF-8', Buffer.of(0xff), 'undecodable'],
    ['no method', compressed('gzip', Buffer.of(1)), 'undecodable'],
    ['bzip2', compressed('application/x-bz2\0', packed), 'undecodable'],
    [
      'too large',
      compressed('application/x-gzip\0', zlib.deflateSync(Buffer.alloc(64 * 2 ** 20 + 1))),
      'too_large',
    ],
  ])('is refused: %s', (_, stored, reason) => {
    expect(() => decodeMeta(stored)).toThrow(expect.objectContaining({ reason }))
  })
})

describe('a result tuple', () => {
  const a = { id: 'a', parent: null, members: null }

  test('of a task, a group, and what they followed, is read', () => {
    expect(readResultTuple(resultTuple('a'))).toEqual(a)
    const group = groupTuple('g', resultTuple('a'), [resultTuple('b', groupTuple('h', null, []))])
    expect(readResultTuple(group)).toEqual({
      id: 'g',
      parent: a,
      members: [{ id: 'b', parent: { id: 'h', parent: null, members: [] }, members: null }],
    })
  })

  test('may have a bare id, as Python takes it, and no parent in other words', () => {
    expect(readResultTuple(['a', null])).toEqual(a)
    for (const parent of [undefined, '', [], {}, 0]) expect(readResultTuple([['a', parent], null])).toEqual(a)
  })

  test.each([
    null,
    'a',
    [],
    [['a', null]],
    [[1, null], null],
    [['a', null], 'b'],
    [['a', 'p'], null],
    [['a', null], [1]],
  ])('%j is none', (value) => {
    expect(() => readResultTuple(value)).toThrow(expect.objectContaining({ reason: 'undecodable' }))
  })
})
