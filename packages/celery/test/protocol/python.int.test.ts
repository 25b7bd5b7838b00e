import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TaskError } from '../../src/errors.ts'
import { celeryExceptions } from '../../src/protocol/celery-exceptions.ts'
import { decodeTask } from '../../src/protocol/decode-task.ts'
import { encodeTask } from '../../src/protocol/encode-task.ts'
import { exceptionData, reprOfException, taskError } from '../../src/protocol/exceptions.ts'
import { decodeJson, encodeJson } from '../../src/protocol/json.ts'
import type { TaskMessage } from '../../src/protocol/message.ts'
import { decodeMeta, encodeMeta } from '../../src/protocol/meta.ts'
import { Decimal, PlainDate, PlainTime, Uuid } from '../../src/protocol/python-values.ts'
import { pythonArgsRepr, pythonRepr } from '../../src/protocol/repr.ts'
import { groupTuple, readResultTuple, resultTuple } from '../../src/protocol/result-tuple.ts'
import { parseTime } from '../../src/protocol/time.ts'
import type { ExceptionData } from '../../src/results/port.ts'
import { leftOut, servers } from '../../testing/servers.ts'
import { type Answer, Python } from './support/python.ts'
import { sendable } from './support/values.ts'

const folder = servers.python
if (folder === undefined) leftOut('the protocol beside the real Celery', 'TEST_CELERY_PYTHON')

let python: Python
beforeAll(() => {
  if (folder !== undefined) python = new Python(folder)
})
afterAll(() => python?.stop())

const message: TaskMessage = {
  headers: { lang: 'js', task: 'probe.echo', id: 'id-2' },
  properties: { contentType: '', contentEncoding: '' },
  args: [],
  kwargs: {},
  embed: { callbacks: null, errbacks: null, chain: null, chord: null },
}

function pairs<Q>(questions: Q[], answers: Answer[]): [Q, Answer][] {
  return questions.map((question, i) => [question, answers[i] ?? {}])
}

describe.skipIf(folder === undefined)('values', () => {
  test('come back from Python as they were sent', async () => {
    const values = fc.sample(sendable.value, 500)
    const answers = await python.askAll(
      values.map((value) => ({ ask: 'echo_value', text: encodeJson(value) })),
    )
    for (const [value, { text }] of pairs(values, answers))
      expect(isDeepStrictEqual(decodeJson(String(text)), value), encodeJson(value)).toBe(true)
  })

  test.each<[expression: string, value: unknown]>([
    ['1', 1],
    ['1.0', 1],
    ['2**53', 2n ** 53n],
    ['-2**70', -(2n ** 70n)],
    ["float('nan')", Number.NaN],
    ["float('-inf')", -Infinity],
    ['(1, [2])', [1, [2]]],
    ["{'a': None, 3: True}", { a: null, 3: true }],
    ["'\\u00e9\\U0001f600'", 'é😀'],
    ["b'text'", new TextEncoder().encode('text')],
    ["b'\\xff\\x00'", Uint8Array.of(0xff, 0)],
    ["UUID('0b0e8a5f-3c4c-4b8d-9a3b-1f2e3d4c5b6a')", new Uuid('0b0e8a5f-3c4c-4b8d-9a3b-1f2e3d4c5b6a')],
    ["Decimal('12.50')", new Decimal('12.50')],
    ["Decimal('1E+3')", new Decimal('1E+3')],
    ["Decimal('-Infinity')", new Decimal('-Infinity')],
    ["__import__('datetime').date(2024, 2, 29)", new PlainDate('2024-02-29')],
    ["__import__('datetime').time(9, 30)", new PlainTime('09:30:00')],
    ["__import__('datetime').time(9, 30, 0, 120)", new PlainTime('09:30:00.000120')],
    [
      "__import__('datetime').datetime(2024, 2, 29, 9, 30, tzinfo=__import__('datetime').timezone.utc)",
      new Date('2024-02-29T09:30:00Z'),
    ],
  ])('%s of Python is read, and is the same there when it is sent back', async (expression, value) => {
    const [made] = await python.askAll([{ ask: 'evaluate', expression }])
    expect(decodeJson(String(made?.text))).toStrictEqual(value)
    const back = await python.ask({ ask: 'echo_value', text: encodeJson(value) })
    const asPython = expression.startsWith('(') ? '[1, [2]]' : String(made?.repr).replace('3:', "'3':")
    if (expression.startsWith('{')) expect(decodeJson(String(back.text))).toEqual(value)
    else expect(back.repr).toBe(expression === '1.0' ? '1' : asPython)
  })

  test.each([
    'datetime(2024, 2, 29, 9, 30, 0, 123456)',
    'datetime(2024, 2, 29, 9, 30, 0, 123456, tzinfo=timezone.utc)',
    'datetime(2024, 2, 29, 9, 30, tzinfo=timezone(-timedelta(hours=3, minutes=30)))',
  ])('%s is passed on as it is', async (expression) => {
    const scope =
      "(lambda datetime, timezone, timedelta: %)(*[getattr(__import__('datetime'), n) for n in ('datetime', 'timezone', 'timedelta')])"
    const made = await python.ask({ ask: 'evaluate', expression: scope.replace('%', expression) })
    const back = await python.ask({ ask: 'echo_value', text: encodeJson(decodeJson(String(made.text))) })
    expect(back.repr).toBe(made.repr)
  })
})

describe.skipIf(folder === undefined)('what is shown of values', () => {
  test('is what Python shows, cut where Python cuts it', async () => {
    const shown = fc.record({
      // Python shows big floats and integers otherwise than it reads them from JSON only in their kind: all are here.
      value: sendable.list,
      length: fc.oneof(fc.constant(1024), fc.integer({ min: 1, max: 60 })),
      tuple: fc.boolean(),
    })
    const samples = fc.sample(shown, 1000)
    const answers = await python.askAll(
      samples.map(({ value, ...rest }) => ({ ask: 'show', text: encodeJson(value), ...rest })),
    )
    for (const [{ value, length, tuple }, { repr }] of pairs(samples, answers)) {
      const ours = tuple ? pythonArgsRepr(value, length) : pythonRepr(value, length)
      expect(ours, `${length}: ${encodeJson(value)}`).toBe(repr)
    }
  })
})

describe.skipIf(folder === undefined)('a task message', () => {
  const embed = { callbacks: [{ task: 'a' }], errbacks: null, chain: null, chord: null }

  test.for([undefined, 'gzip', 'zlib', 'zstd', 'brotli'])(
    'of Python is read, compression %s',
    async (compression, { skip }) => {
      if (!(await pythonHas(compression))) skip(`this Python has no ${compression}`)
      const made = await python.ask({
        ask: 'make_task',
        args: "(1, Decimal('1.5'))",
        kwargs: "{'when': __import__('datetime').date(2024, 1, 1)}",
        options: {
          countdown: 10,
          expires: 60,
          time_limit: 30,
          soft_time_limit: 20.5,
          callbacks: embed.callbacks,
        },
        compression,
      })
      const task = decodeTask(wireOf(made), { maxBodySize: 10_000 })
      expect(task).toMatchObject({
        args: [1, new Decimal('1.5')],
        kwargs: { when: new PlainDate('2024-01-01') },
        headers: {
          lang: 'py',
          task: 'probe.echo',
          id: 'id-1',
          root_id: 'id-1',
          timelimit: [30, 20.5],
          argsrepr: "(1, Decimal('1.5'))",
          kwargsrepr: "{'when': datetime.date(2024, 1, 1)}",
        },
        embed: {
          callbacks: [{ task: 'a', args: [], kwargs: {}, options: {}, subtask_type: null, immutable: false }],
        },
      })
      const [eta, expires] = [task.headers.eta, task.headers.expires].map((time) => parseTime(String(time)))
      expect(Number(expires) - Number(eta)).toBeGreaterThan(40_000)
    },
  )

  test.for([undefined, 'gzip', 'zstd', 'brotli'] as const)(
    'of ours is read by Python, compression %s',
    async (compression, { skip }) => {
      if (!(await pythonHas(compression))) skip(`this Python has no ${compression}`)
      const wire = encodeTask(
        {
          ...message,
          headers: {
            ...message.headers,
            eta: '2026-03-01T09:30:00.120+00:00',
            expires: '2026-03-01T10:30:00.000+02:00',
            timelimit: [30, null],
            shadow: 'shown',
          },
          args: [1n, 2n ** 60n, new Date(0)],
          kwargs: { id: new Uuid('0b0e8a5f-3c4c-4b8d-9a3b-1f2e3d4c5b6a') },
        },
        { compression },
      )
      const answer = await python.ask({
        ask: 'read_task',
        headers: wire.headers,
        properties: {
          content_type: wire.properties.contentType,
          content_encoding: wire.properties.contentEncoding,
        },
        body: wire.body.toString('base64'),
      })
      expect(answer).toEqual({
        id: 'id-2',
        name: 'shown',
        eta: '2026-03-01T09:30:00.120000+00:00',
        expires: '2026-03-01T10:30:00+02:00',
        limits: [30, null],
        args: '[1, 1152921504606846976, datetime.datetime(1970, 1, 1, 0, 0, tzinfo=datetime.timezone.utc)]',
        kwargs: "{'id': UUID('0b0e8a5f-3c4c-4b8d-9a3b-1f2e3d4c5b6a')}",
        embed: message.embed,
      })
    },
  )

  test('has times that mean to us what they mean to Python, without an offset too', async () => {
    const texts = [
      '2026-03-01T09:30:00',
      '2026-03-01T09:30:00.123456',
      '2026-07-01T09:30:00.5+02:00',
      '2026-07-01T09:30:00Z',
      '2026-07-01T09:30-0330',
      '2026-07-01T09:30:15+05',
      '2026-07-01',
    ]
    const answers = await python.askAll(texts.map((text) => ({ ask: 'read_time', text })))
    for (const [text, { time }] of pairs(texts, answers))
      expect(parseTime(text)?.getTime(), text).toBe(Math.floor(Number(time) * 1000))
  })
})

describe.skipIf(folder === undefined)('an exception', () => {
  test.each([
    ["ValueError('no such feed', 3)", 'ValueError', 'builtins', ['no such feed', 3]],
    ["KeyError(('a', 1))", 'KeyError', 'builtins', [['a', 1]]],
    [
      "__import__('celery').exceptions.NotRegistered('tasks.x')",
      'NotRegistered',
      'celery.exceptions',
      ['tasks.x'],
    ],
    [
      '__import__("billiard").exceptions.TimeLimitExceeded(3)',
      'TimeLimitExceeded',
      'billiard.exceptions',
      [3],
    ],
    ['Exception(object)', 'Exception', 'builtins', ["<class 'object'>"]],
  ])('of Python, %s, is read', async (expression, type, module, args) => {
    const { text } = await python.ask({ ask: 'store_exception', expression })
    const error = taskError(decodeJson(String(text)) as ExceptionData, 'Traceback: there')
    expect(error).toMatchObject({ type, module, args, traceback: 'Traceback: there' })
  })

  class FeedGone extends Error {}
  const named = (name: string) => Object.assign(new Error('bad'), { name })

  test.each<[unknown, type: string, module: string, args: string, base: string]>([
    [new TypeError('bad'), 'TypeError', 'builtins', "('bad',)", 'TypeError'],
    [new RangeError('bad'), 'ValueError', 'builtins', "('bad',)", 'ValueError'],
    [new SyntaxError('bad'), 'SyntaxError', 'builtins', "('bad',)", 'SyntaxError'],
    [new ReferenceError('bad'), 'NameError', 'builtins', "('bad',)", 'NameError'],
    [new Error('bad'), 'Exception', 'builtins', "('bad',)", 'Exception'],
    [AbortSignal.timeout(0), 'Exception', 'builtins', "('<AbortSignal>',)", 'Exception'],
    [new FeedGone('bad'), 'FeedGone', 'celery.backends.base', "('bad',)", 'Exception'],
    ['only text', 'Exception', 'builtins', "('only text',)", 'Exception'],
    [named('Odd "name"\0'), 'Exception', 'builtins', '(\'Odd "name"\\x00: bad\',)', 'Exception'],
    [named(''), 'Exception', 'builtins', "('bad',)", 'Exception'],
    [named('Größe'), 'Größe', 'celery.backends.base', "('bad',)", 'Exception'],
    [named('class'), 'class', 'celery.backends.base', "('bad',)", 'Exception'],
    [new TaskError('print', { args: ['bad'] }), 'print', 'celery.backends.base', "('bad',)", 'Exception'],
    [new TaskError('a\0', { args: ['bad'] }), 'Exception', 'builtins', "('a\\x00', 'bad')", 'Exception'],
    [new TaskError('KeyError', { args: ['x', 1n] }), 'KeyError', 'builtins', "('x', 1)", 'LookupError'],
    [celeryExceptions.notRegistered('x'), 'NotRegistered', 'celery.exceptions', "('x',)", 'KeyError'],
    [celeryExceptions.timeLimitExceeded(3), 'TimeLimitExceeded', 'billiard.exceptions', '(3,)', 'Exception'],
    [
      celeryExceptions.softTimeLimitExceeded(),
      'SoftTimeLimitExceeded',
      'billiard.exceptions',
      '()',
      'Exception',
    ],
    [celeryExceptions.workerLost('bad'), 'WorkerLostError', 'billiard.exceptions', "('bad',)", 'Exception'],
    [
      celeryExceptions.taskRevoked('revoked'),
      'TaskRevokedError',
      'celery.exceptions',
      "('revoked',)",
      'TaskError',
    ],
    [
      celeryExceptions.chordError('a', "X('y')"),
      'ChordError',
      'celery.exceptions',
      '("Dependency a raised X(\'y\')",)',
      'TaskError',
    ],
    [
      celeryExceptions.maxRetriesExceeded('t', 'i', [1], { a: 'b' }),
      'MaxRetriesExceededError',
      'celery.exceptions',
      "(\"Can't retry t[i] args:(1,) kwargs:{'a': 'b'}\",)",
      'TaskError',
    ],
    [celeryExceptions.reject('bad'), 'Reject', 'celery.exceptions', "('bad', False)", 'TaskPredicate'],
  ])('of ours is raised there: %#', async (thrown, type, module, args, base) => {
    const { data } = exceptionData(thrown)
    const raised = await python.ask({ ask: 'raise_exception', text: encodeJson(data) })
    expect(raised).toMatchObject({ type, module, args, bases: expect.arrayContaining([base]) })
  })

  test('is shown as Python shows it', async () => {
    const { text } = await python.ask({ ask: 'store_exception', expression: "ValueError('no', 3)" })
    expect(reprOfException(decodeJson(String(text)) as ExceptionData)).toBe("ValueError('no', 3)")
  })
})

describe.skipIf(folder === undefined)('a stored result', () => {
  test.each([undefined, 'gzip'])('of Python is read, compression %s', async (compression) => {
    const ask = { ask: 'make_meta', state: 'SUCCESS', traceback: null, compression }
    const { stored } = await python.ask({ ...ask, result: "{'n': Decimal('1.5')}" })
    expect(decodeMeta(Buffer.from(String(stored), 'base64'))).toEqual({
      task_id: 'id-1',
      status: 'SUCCESS',
      result: { n: new Decimal('1.5') },
      traceback: null,
      children: [],
      date_done: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+\+00:00$/),
    })
  })

  test('of ours is read by Python', async () => {
    const meta = {
      task_id: 'id-2',
      traceback: null,
      children: [resultTuple('c')],
      date_done: '2026-03-01T09:30:00+00:00',
    }
    const { data } = exceptionData(new TypeError('bad'))
    const [done, failed] = await python.askAll([
      { ask: 'read_meta', text: encodeMeta({ ...meta, status: 'SUCCESS', result: undefined }) },
      {
        ask: 'read_meta',
        text: encodeMeta({ ...meta, status: 'FAILURE', result: data, traceback: 'there' }),
      },
    ])
    expect(done).toMatchObject({ status: "'SUCCESS'", result: 'None', children: "[[['c', None], None]]" })
    expect(failed).toMatchObject({ status: "'FAILURE'", result: "TypeError('bad')", traceback: "'there'" })
  })

  test('of a group, or after another, is a tuple that both read', async () => {
    const group = groupTuple('g', resultTuple('p'), [
      resultTuple('a'),
      groupTuple('h', null, [resultTuple('b')]),
    ])
    const answer = await python.ask({ ask: 'read_tuple', text: encodeJson(group) })
    expect(answer.type).toBe('GroupResult')
    expect(readResultTuple(decodeJson(String(answer.text)))).toEqual(readResultTuple(group))
  })
})

/** zstd and brotli come to Python with packages of their own. */
async function pythonHas(compression: string | undefined): Promise<boolean> {
  if (compression === undefined) return true
  const { names } = await python.ask({ ask: 'compressions' })
  return (names as string[]).includes(compression)
}

function wireOf(made: Answer) {
  return {
    headers: made.headers as Record<string, unknown>,
    properties: { contentType: String(made.contentType), contentEncoding: String(made.contentEncoding) },
    body: Buffer.from(String(made.body), 'base64'),
  }
}
