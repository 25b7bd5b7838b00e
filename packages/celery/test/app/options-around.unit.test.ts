import { Registry } from 'prom-client'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createPostgresSchedules } from '../../src/beat/postgres/store.ts'
import { createRedisSchedules } from '../../src/beat/redis/store.ts'
import { createAmqpBroker } from '../../src/brokers/amqp/index.ts'
import { createMemoryBroker } from '../../src/brokers/memory/index.ts'
import { openBroker } from '../../src/brokers/open.ts'
import { createPostgresBroker } from '../../src/brokers/postgres/index.ts'
import { createRedisBroker } from '../../src/brokers/redis/index.ts'
import { createControlClient } from '../../src/control/client.ts'
import { createCelery } from '../../src/create-celery.ts'
import { createWorker } from '../../src/create-worker.ts'
import { createDeadLetters } from '../../src/dead-letters/index.ts'
import { captureEvents } from '../../src/events/capture.ts'
import { noLog } from '../../src/log.ts'
import { migratePostgres } from '../../src/postgres/migrate.ts'
import { createMemoryResults } from '../../src/results/memory/index.ts'
import { openResults } from '../../src/results/open.ts'
import { createPostgresResults } from '../../src/results/postgres/index.ts'
import { createRedisResults } from '../../src/results/redis/index.ts'
import { prometheusMetrics } from '../../src/worker/metrics.ts'
import { refused } from './support/refused.ts'

/** As JavaScript calls it, whatever the types say. */
type Loose = (...given: unknown[]) => unknown

const makers = {
  createAmqpBroker: [createAmqpBroker, 'amqp://user:secret@host'],
  createRedisBroker: [createRedisBroker, 'redis://:secret@host'],
  createPostgresBroker: [createPostgresBroker, 'postgres://user:secret@host/jobs'],
  createMemoryBroker: [(_: unknown, options: object) => createMemoryBroker(options), 'memory:'],
  createRedisResults: [createRedisResults, 'redis://:secret@host'],
  createPostgresResults: [createPostgresResults, 'postgres://user:secret@host/jobs'],
  createMemoryResults: [createMemoryResults, 'memory:'],
  createRedisSchedules: [createRedisSchedules, 'redis://:secret@host'],
  createPostgresSchedules: [createPostgresSchedules, 'postgres://user:secret@host/jobs'],
  openBroker: [openBroker, 'amqp://user:secret@host'],
  openResults: [openResults, 'redis://:secret@host'],
} satisfies Record<string, [make: unknown, url: string]>

type Maker = keyof typeof makers

function make(name: Maker, options: unknown, from: unknown = makers[name][1]): Promise<unknown> {
  const [maker] = makers[name]
  return (async () => (maker as Loose)(from, options))()
}

describe('options of brokers and of stores that make no sense are refused by name', () => {
  const aLog = 'a logger with debug, info, warn and error'
  it.each<[Maker, object, string]>([
    ['createAmqpBroker', { conectTimeout: 5 }, 'is not known: did you mean connectTimeout?'],
    ['createAmqpBroker', { connectTimeout: 0 }, 'connectTimeout of createAmqpBroker must be a number of'],
    ['createAmqpBroker', { heartbeat: 1.5 }, 'heartbeat of createAmqpBroker must be whole seconds from 0 to'],
    ['createAmqpBroker', { connectionName: '' }, 'connectionName'],
    ['createAmqpBroker', { tls: true }, 'tls'],
    ['createAmqpBroker', { delayedQueueType: 'stream' }, 'must be "quorum" or "classic", not "stream"'],
    ['createAmqpBroker', { deadLetterQueue: 5 }, 'deadLetterQueue'],
    ['createAmqpBroker', { log: console.log }, `log of createAmqpBroker must be ${aLog}, not a function`],
    ['createRedisBroker', { visibility_timeout: 5 }, 'did you mean visibilityTimeout?'],
    ['createRedisBroker', { visibilityTimeout: Number.NaN }, 'must be a number of seconds above 0, not NaN'],
    [
      'createRedisBroker',
      { leaseTimeout: 0 },
      'leaseTimeout of createRedisBroker must be a number of seconds',
    ],
    ['createRedisBroker', { commandTimeout: '5' }, 'commandTimeout'],
    ['createRedisBroker', { connectTimeout: -1 }, 'connectTimeout'],
    ['createRedisBroker', { globalKeyPrefix: 5 }, 'globalKeyPrefix of createRedisBroker must be text, not 5'],
    ['createRedisBroker', { log: {} }, `log of createRedisBroker must be ${aLog}`],
    ['createPostgresBroker', { leaseTimout: 5 }, 'did you mean leaseTimeout?'],
    ['createPostgresBroker', { leaseTimeout: 0.5 }, 'must be a number of seconds, 1 or more, not 0.5'],
    ['createPostgresBroker', { maxConnections: 1 }, 'must be a whole number from 2 on, not 1'],
    ['createPostgresBroker', { migrate: 'no' }, 'migrate'],
    [
      'createPostgresBroker',
      { schema: 'a"; DROP' },
      'schema of createPostgresBroker must be a name of lower-',
    ],
    ['createPostgresBroker', { schema: 'pg_jobs' }, 'schema'],
    ['createPostgresBroker', { log: 1 }, aLog],
    ['createMemoryBroker', { nam: 'a' }, 'did you mean name?'],
    ['createMemoryBroker', { name: 5 }, 'name of createMemoryBroker must be text, not 5'],
    ['createRedisResults', { expire: 5 }, 'did you mean expires?'],
    [
      'createRedisResults',
      { expires: -1 },
      'expires of createRedisResults must be a number of seconds, 0 or',
    ],
    ['createRedisResults', { timeout: 0 }, 'timeout'],
    ['createRedisResults', { commandTimeout: Number.POSITIVE_INFINITY }, 'commandTimeout'],
    ['createRedisResults', { connectTimeout: null }, 'connectTimeout'],
    ['createRedisResults', { globalKeyPrefix: ['a'] }, 'globalKeyPrefix'],
    ['createRedisResults', { log: 'console' }, aLog],
    [
      'createPostgresResults',
      { expires: 0 },
      'expires of createPostgresResults must be a number of seconds ab',
    ],
    ['createPostgresResults', { maxConnections: 2.5 }, 'maxConnections'],
    ['createPostgresResults', { schema: '' }, 'schema'],
    ['createPostgresResults', { migrate: 1 }, 'migrate'],
    ['createPostgresResults', { log: [] }, aLog],
    ['createMemoryResults', { maxResult: 5 }, 'did you mean maxResults?'],
    ['createMemoryResults', { maxResults: 0 }, 'maxResults'],
    ['createMemoryResults', { expires: 'never' }, 'expires'],
    ['createRedisSchedules', { key: '' }, 'key'],
    ['createRedisSchedules', { claimTTL: 30 }, 'did you mean claimTtl?'],
    ['createRedisSchedules', { claimTtl: 0 }, 'claimTtl of createRedisSchedules must be a number of seconds'],
    ['createPostgresSchedules', { schema: 'Jobs' }, 'schema of createPostgresSchedules must be a name of'],
    ['createPostgresSchedules', { claimTtl: -1 }, 'claimTtl'],
    ['createPostgresSchedules', { migrate: null }, 'migrate'],
    ['openBroker', { logger: noLog }, 'logger of openBroker is not known: those are log'],
    ['openResults', { expires: 0 }, 'expires of openResults must be a number of seconds above 0, not 0'],
  ])('%s(..., %o)', async (name, options, message) => {
    await expect(make(name, options)).rejects.toEqual(refused(message))
  })

  const names = Object.keys(makers) as Maker[]
  it.each(names)('and those of %s that are none', async (name) => {
    for (const options of [null, 5, 'text']) {
      const message = `The options of ${name} must be an object with options, not`
      await expect(make(name, options)).rejects.toEqual(refused(message))
    }
  })

  it.each(names.filter((name) => name !== 'createMemoryBroker'))('%s takes no other URL', async (name) => {
    const url = new URL('amqp://user:secret@host')
    for (const source of [5, null, '', url, {}, { query() {} }]) {
      const error: unknown = await make(name, {}, source).catch((reason: unknown) => reason)
      expect(error).toEqual(refused(/URL/))
      expect(String(error)).not.toContain('secret')
    }
  })

  it('and what makes sense is not', async () => {
    const pool = { query: async () => ({ rows: [] }), connect: async () => Promise.reject(new Error('none')) }
    await make('createAmqpBroker', { heartbeat: 0, tls: { ca: 'x' }, connectTimeout: 0.5, log: noLog })
    await make('createRedisBroker', { globalKeyPrefix: '', leaseTimeout: 0.5, log: undefined })
    await make('createPostgresBroker', { leaseTimeout: 1, maxConnections: 2, schema: '_a1', migrate: false })
    await make('createPostgresBroker', {}, pool)
    await make('createRedisResults', { expires: 0 })
    await make('createPostgresResults', { expires: 0.5 }, pool)
    await make('openResults', { expires: 60, log: noLog })
    await make('openResults', { expires: 60, log: noLog }, 'memory:')
  })
})

it('options in a URL are too', async () => {
  await expect(make('createRedisBroker', {}, 'redis://h?visibility_timeout=abc')).rejects.toEqual(
    refused(
      'The option visibility_timeout of the URL of Redis must be a number of seconds above 0, not "abc".',
    ),
  )
  await expect(make('createRedisResults', {}, 'redis://h?sockettimeout=3')).rejects.toEqual(
    refused('did you mean socket_timeout?'),
  )
  expect(() => createCelery({ broker: 'amqp://user:secret@host?hartbeat=5' })).toThrow(
    refused('did you mean heartbeat?'),
  )
})

function createApp() {
  const app = createCelery({ broker: 'memory:' })
  onTestFinished(() => app.close())
  return app
}

it.each<[string, object]>([
  ['mode of stop must be "warm" or "cold", not "cool"', { mode: 'cool' }],
  ['timeout of stop must be a number of seconds, 0 or more, not NaN', { timeout: Number.NaN }],
  ['timout of stop is not known: did you mean timeout?', { timout: 5 }],
])('a worker that is stopped so goes on: %s', async (message, options) => {
  const app = createApp()
  let ran = 0
  app.task({ name: 'count', run: () => void ran++ })
  const worker = createWorker(app, { control: false })
  onTestFinished(() => worker.stop())
  await worker.start()
  await expect(worker.stop(options)).rejects.toEqual(refused(message))
  await app.send('count')
  await expect.poll(() => ran).toBe(1)
})

describe('options of remote control that make no sense are refused, and nothing is sent', () => {
  async function createControl() {
    const app = createApp()
    const broker = await app.broker()
    let cast = 0
    broker.cast = async () => void cast++
    const control = createControlClient(app)
    onTestFinished(() => control.close())
    return { control, cast: () => cast }
  }

  it.each<[string, object]>([
    ['timeot of control shutdown is not known: did you mean timeout?', { timeot: 5 }],
    ['timeout of control shutdown must be a number of seconds above 0, not 0', { timeout: 0 }],
    ['destination of control shutdown must be text that is not empty or an array', { destination: '' }],
    ['destination[1]', { destination: ['celery@a', 5] }],
    ['pattern', { pattern: /web/ }],
    ['matcher of control shutdown must be "glob" or "pcre", not "regex"', { matcher: 'regex' }],
    ['reply of control shutdown must be true or false, not 1', { reply: 1 }],
    ['limit of control shutdown must be a whole number from 1 on, not 0', { limit: 0 }],
  ])('%s', async (message, options) => {
    const { control, cast } = await createControl()
    await expect(control.shutdown(options)).rejects.toEqual(refused(message))
    await expect(control.broadcast('shutdown', {}, options)).rejects.toEqual(refused(message))
    await expect(control.inspect.ping(options)).rejects.toEqual(
      refused(message.replace('control shutdown', 'inspect ping')),
    )
    expect(cast()).toBe(0)
  })

  it.each<[string, (control: Record<string, Loose>) => unknown]>([
    ['options of control revoke must be an object', ({ revoke }) => revoke?.('id', true)],
    ['terminat of control revoke is not known', ({ revoke }) => revoke?.('id', { terminat: true })],
    ['signal of control revoke must be text', ({ revoke }) => revoke?.('id', { signal: 9 })],
    ['terminate', ({ revokeByStampedHeaders }) => revokeByStampedHeaders?.({ a: 'b' }, { terminate: 'no' })],
    ['options of control time_limit', ({ timeLimit }) => timeLimit?.('tasks.add', 5)],
    ['sotf of control time_limit is not known', ({ timeLimit }) => timeLimit?.('tasks.add', { sotf: 5 })],
    ['hard', ({ timeLimit }) => timeLimit?.('tasks.add', { hard: '5' })],
    ['exchangeType', ({ addConsumer }) => addConsumer?.('q', { exchangeType: 'headers' })],
    ['routing_key of control add_consumer', ({ addConsumer }) => addConsumer?.('q', { routing_key: 'k' })],
    ['timeout of control rate_limit', ({ rateLimit }) => rateLimit?.('tasks.add', '1/s', { timeout: '1' })],
  ])('%s', async (message, tell) => {
    const { control, cast } = await createControl()
    await expect(tell(control as unknown as Record<string, Loose>)).rejects.toEqual(refused(message))
    expect(cast()).toBe(0)
  })

  it('those of questions too', async () => {
    const { control, cast } = await createControl()
    const { active, registered, conf } = control.inspect as unknown as Record<string, Loose>
    await expect(active?.({ save: true })).rejects.toEqual(refused('save of inspect active is not known'))
    await expect(registered?.({ attributes: 'rate_limit' })).rejects.toEqual(refused('attributes'))
    await expect(conf?.({ withDefaults: 'all' })).rejects.toEqual(
      refused('withDefaults of inspect conf must'),
    )
    expect(cast()).toBe(0)
  })
})

it.each<[string, object | string]>([
  ['tsk of a query of dead letters is not known: did you mean task?', { tsk: 'tasks.add' }],
  ['limit of a query of dead letters must be a whole number from 1 to 1000, not 0', { limit: 0 }],
  ['after of a query of dead letters must be the `next` of the page before', { after: 'x' }],
  ['reason of a query of dead letters must be "retries_exhausted" or ', { reason: 'retries_exausted' }],
  ['queue', { queue: 5 }],
  ['options of a query of dead letters must be an object with options, not "tasks.add"', 'tasks.add'],
])('dead letters that are asked for so are left as they are: %s', async (message, given) => {
  const letters = createDeadLetters(createApp())
  const query = given as object
  await expect(letters.list(query)).rejects.toEqual(refused(message))
  await expect(letters.dropAll(query)).rejects.toEqual(refused(message))
  await expect(letters.replayAll(query).next()).rejects.toEqual(refused(message))
  await expect(letters.drop('an-id' as never)).rejects.toEqual(refused('letterIds of drop must be an array'))
  await expect(letters.replay(['an-id'] as never)).rejects.toEqual(refused('letterId of replay must be'))
  await expect(letters.get(5 as never)).rejects.toEqual(refused('letterId of get must be'))
})

it('options of metrics, of events and of migrations that make no sense are refused', async () => {
  const app = createApp()
  await expect(prometheusMetrics({ registry: {} as Registry })).rejects.toEqual(refused('registry'))
  await expect(prometheusMetrics({ prefix: 'my-jobs ' })).rejects.toEqual(
    refused('prefix of prometheusMetrics must be letters, digits, _ and :, not beginning with a digit'),
  )
  await expect(prometheusMetrics({ prefx: 'a_' } as object)).rejects.toEqual(refused('did you mean prefix?'))
  await prometheusMetrics({ registry: new Registry(), prefix: '' })

  await expect(captureEvents(app, () => {}, { routingkey: '#' } as object)).rejects.toEqual(
    refused('did you mean routingKey?'),
  )
  await expect(captureEvents(app, {} as never)).rejects.toEqual(refused('onEvent of captureEvents must be'))

  await expect(migratePostgres('postgres://user:secret@host' as never)).rejects.toEqual(
    refused("The option pool of migratePostgres must be a pool of pg's"),
  )
})
