import { describe, expect, it, onTestFinished } from 'vitest'
import { z } from 'zod'
import type { SendOptions } from '../../src/app/send-options.ts'
import type { RetryOptions, TaskContext, TaskDefinition } from '../../src/app/task.ts'
import { createMemoryBroker } from '../../src/brokers/memory/index.ts'
import { chain, group } from '../../src/canvas/build.ts'
import { createCelery } from '../../src/create-celery.ts'
import { createWorker } from '../../src/create-worker.ts'
import { refused } from './support/refused.ts'

function createApp() {
  const broker = createMemoryBroker()
  let published = 0
  broker.publish = async () => {
    published += 1
  }
  const app = createCelery({ broker })
  onTestFinished(() => app.close())
  const add = app.task({
    name: 'tasks.add',
    params: ['x', 'y'],
    run: ({ x, y }: { x: number; y: number }) => x + y,
  })
  return { app, add, published: () => published }
}

describe('options of a call that make no sense are refused by name', () => {
  const cases: [option: string, given: Record<string, unknown>][] = [
    ['colour', { colour: 'red' }],
    ['toString', { toString: 1 }],
    ['groupId', { groupId: '' }],
    ['transaction', { transaction: 'BEGIN' }],
    ['exchange', { queue: 'a', exchange: 'b', routingKey: 'c' }],
    ['exchange', { exchange: 'b' }],
    ['routingKey', { routingKey: 'b' }],
    ['countdown', { countdown: -1 }],
    ['countdown', { countdown: Number.NaN }],
    ['countdown', { countdown: 1, eta: new Date() }],
    ['eta', { eta: '2026-01-01' }],
    ['eta', { eta: new Date(Number.NaN) }],
    ['expires', { expires: '1 hour' }],
    ['priority', { priority: 256 }],
    ['priority', { priority: 1.5 }],
    ['queue', { queue: '' }],
    ['headers', { headers: { id: 'mine' } }],
    ['headers', { headers: ['a'] }],
    ['link', { link: 'tasks.add' }],
    ['linkError', { linkError: [{ args: [] }] }],
    ['ignoreResult', { ignoreResult: 1 }],
    ['timeLimit', { timeLimit: -5 }],
    ['softTimeLimit', { softTimeLimit: 10, timeLimit: 5 }],
    ['compression', { compression: 'zip' }],
    ['shadow', { shadow: 7 }],
  ]
  it.each(cases)('%s: %o', async (option, given) => {
    const { app, add, published } = createApp()
    const options = given as SendOptions
    const names = refused(new RegExp(`^The option ${option}\\b.* of `))
    await expect(app.send('tasks.add', {}, options)).rejects.toEqual(names)
    await expect(add.send({ x: 1, y: 2 }, options)).rejects.toEqual(names)
    expect(() => add.signature({}, options)).toThrow(names)
    expect(() => app.remote({ name: 'tasks.add', ...options })).toThrow(names)
    expect(published()).toBe(0)
  })

  it.each([
    ['countdown', { countdown: 1e12 }],
    ['expires', { expires: 1e300 }],
    ['expires', { expires: -1e12 }],
  ])('%s of a year that Python does not know: %o', async (option, options) => {
    const { app, add, published } = createApp()
    const names = refused(
      `The option ${option} of a call must be a number of seconds until a year from 1 to 9999`,
    )
    await expect(app.send('tasks.add', {}, options)).rejects.toEqual(names)
    await expect(add.signature({ x: 1, y: 2 }, options).send()).rejects.toEqual(names)
    expect(published()).toBe(0)
  })

  it('says what was given, what is expected and what was meant', async () => {
    const { app } = createApp()
    const errorOf = (options: object) => app.send('a', {}, options).catch((error: Error) => error.message)
    expect(await errorOf({ countdown: -5 })).toBe(
      'The option countdown of a call must be a number of seconds, 0 or more, not -5.',
    )
    expect(await errorOf({ compression: 'zip' })).toBe(
      'The option compression of a call must be "gzip" or "zstd" or "brotli", not "zip".',
    )
    expect(await errorOf({ countdwon: 5 })).toBe(
      'The option countdwon of a call is not known: did you mean countdown?',
    )
    expect(await errorOf({ soft_time_limit: 5 })).toContain('did you mean softTimeLimit?')
    expect(await errorOf({ colour: 'red' })).toMatch(
      /is not known: those are taskId, groupId, .*transaction\.$/,
    )
    expect(await errorOf({ headers: new Map([['token', 'secret']]) })).toMatch(
      /not an object of class Map\.$/,
    )
  })

  it('that belongs elsewhere is told where', async () => {
    const { app, add } = createApp()
    await expect(app.send('a', { args: [], countdown: 5 } as object)).rejects.toEqual(
      refused('belongs in the third argument: app.send(name, { args, kwargs }, { countdown })'),
    )
    await expect(app.send('a', { arg: [1] } as object)).rejects.toEqual(refused('did you mean args?'))
    await expect(app.send('a', { kwargs: [1] } as object)).rejects.toEqual(
      refused('must be an object, not an array'),
    )
    await expect(app.send('')).rejects.toEqual(refused('The option name of app.send'))
    expect(() => app.signature('a', { queue: 'b' } as object)).toThrow(
      refused('belongs in the third argument'),
    )
    expect(() => app.signature('a', { immutable: 1 } as object)).toThrow(refused('immutable'))
    for (const own of [{ taskId: 'one' }, { transaction: { query() {} } }]) {
      expect(() => app.remote({ name: 'a', ...own })).toThrow(refused('belongs to one call'))
    }
    expect(() => add.signature({}, { transaction: { query: async () => ({ rows: [] }) } })).toThrow(
      refused('transaction'),
    )
  })
})

it.each([5, 'text', null, new Date(), new Map(), Promise.resolve({}), new Uint8Array(2)])(
  'an input that is neither an object nor an array is refused: %o',
  async (input) => {
    const { add, published } = createApp()
    const given = input as never
    const message = refused('The option input of tasks.add must be an object of arguments by name')
    await expect(add.send(given)).rejects.toEqual(message)
    expect(() => add.signature(given)).toThrow(message)
    await expect(add.signature().send(given)).rejects.toEqual(message)
    expect(published()).toBe(0)
  },
)

it('what is no signature is refused where one is expected', () => {
  const { add } = createApp()
  for (const given of [add, Promise.resolve(), 5, null, undefined]) {
    expect(() => chain(add.signature(), given as never)).toThrow(refused('A signature is expected'))
    expect(() => group([given] as never)).toThrow(refused('A signature is expected'))
  }
})

describe('options of a task that make no sense are refused by name', () => {
  const run = () => 1
  const cases: [message: string | RegExp, given: object][] = [
    ['name of a task is missing', { run }],
    ['name of a task must be', { name: '', run }],
    ['run of task t is missing', { name: 't' }],
    ['run of task t must be a function, not 5', { name: 't', run: 5 }],
    ['ack of task t must be "early" or "late", not "layte"', { ack: 'layte' }],
    ['timelimit of task t is not known: did you mean timeLimit?', { timelimit: 5 }],
    ["acks_late of task t is not known: did you mean ack: 'late'?", { acks_late: true }],
    ['bind of task t is not known: did you mean run: (input, context) => ...?', { bind: true }],
    ['max_retries of task t is not known: did you mean retry: { max }?', { max_retries: 3 }],
    ['runOn of task t must be "main" or "thread", not "thred"', { runOn: 'thred' }],
    ['retry.maxx of task t is not known: did you mean retry.max?', { retry: { maxx: 3 } }],
    ['retry.max of task t must be a whole number from 0 on, or Infinity, not -1', { retry: { max: -1 } }],
    ['retry.delay', { retry: { delay: Number.NaN } }],
    ['retry.on', { retry: { on: [TypeError] } }],
    ['retry.on of task t must be a function that answers', { retry: { on: async () => false } }],
    ['retry of task t must be an object with options, not 3', { retry: 3 }],
    ['softTimeLimit of task t must be a number of seconds, 0 or more, not "5"', { softTimeLimit: '5' }],
    ['softTimeLimit of task t must not be longer', { softTimeLimit: 9, timeLimit: 5 }],
    ['rateLimit of task t must be a rate like "10/s"', { rateLimit: '10/d' }],
    ['priority', { priority: 256 }],
    ['ignoreResult', { ignoreResult: 'yes' }],
    ['input of task t must be a schema', { input: { x: 'number' } }],
    ["params of task t must be an array of names, like ['x', 'y?', '...rest'], not \"x\"", { params: 'x' }],
    ['params of task t must have ...r as its last', { params: ['...r', 'x'] }],
    ['params of task t must not name x twice', { params: ['x', 'x?'] }],
    ['params of task t must not have y after one that may be left out', { params: ['x?', 'y'] }],
    ['params', { params: ['x', 5] }],
    ['params', { params: ['...'] }],
    ['params', { params: ['x', '...rest?'] }],
  ]
  it.each(cases)('%s', (message, given) => {
    const { app } = createApp()
    const definition = { ...('name' in given || 'run' in given ? {} : { name: 't', run }), ...given }
    expect(() => app.task(definition as TaskDefinition<object, number>)).toThrow(refused(message))
    expect(app.tasks.has('t')).toBe(false)
  })

  it('and what makes sense is not', () => {
    const { app } = createApp()
    app.task({
      name: 't',
      params: ['x', 'y?', '...others'],
      input: z.object({ x: z.number(), y: z.number().optional(), others: z.array(z.number()) }),
      ack: 'late',
      retry: { max: Number.POSITIVE_INFINITY, delay: 0, factor: 1.5, jitter: false, on: () => true },
      softTimeLimit: 5,
      timeLimit: 0,
      rateLimit: '0.5/h',
      priority: 255,
      run,
    })
  })
})

it('options of a retry or a rejection that make no sense fail the task, which says so', async () => {
  const app = createCelery({ broker: 'memory:', results: 'memory:' })
  const cases: RetryOptions[] = [
    { countdown: Number.NaN },
    { countdown: -5 },
    { countdown: 'x' as never },
    { delay: 5 } as object,
  ]
  const again = app.task({
    name: 'again',
    run: ({ which }: { which: number }, { retry }: TaskContext) => retry(cases[which]),
  })
  const away = app.task({
    name: 'away',
    run: (_: object, { reject }: TaskContext) => reject({ requeu: true } as object),
  })
  const worker = createWorker(app)
  onTestFinished(async () => {
    await worker.stop()
    await app.close()
  })
  await worker.start()
  const failures = cases.map(async (_, which) => {
    const result = await again.send({ which })
    return await result.get({ timeout: 10 }).catch((error: Error) => error.message)
  })
  expect(await Promise.all(failures)).toEqual([
    'The option countdown of context.retry must be a number of seconds, 0 or more, not NaN.',
    'The option countdown of context.retry must be a number of seconds, 0 or more, not -5.',
    'The option countdown of context.retry must be a number of seconds, 0 or more, not "x".',
    expect.stringMatching(/^The option delay of context.retry is not known: those are countdown/),
  ])
  const rejected = await away.send({})
  await expect(rejected.get({ timeout: 10 })).rejects.toThrow('did you mean requeue?')
})

it('options of a wait that make no sense are refused', async () => {
  const { app, add } = createApp()
  const results = [app.result('an-id'), await group([add.signature({ x: 1, y: 2 })]).send()]
  for (const result of results) {
    await expect(result.get(10 as never)).rejects.toEqual(
      refused('options of get must be an object with options, not 10'),
    )
    await expect(result.get({ timeOut: 10 } as object)).rejects.toEqual(refused('did you mean timeout?'))
    await expect(result.get({ timeout: Number.NaN })).rejects.toEqual(refused('timeout of get must be'))
    await expect(result.get({ signal: {} as AbortSignal })).rejects.toEqual(refused('signal of get'))
  }
})
