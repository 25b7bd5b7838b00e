import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { SendOptions } from '../../src/app/send-options.ts'
import { createRedisBroker } from '../../src/brokers/redis/index.ts'
import { createControlClient } from '../../src/control/client.ts'
import { type Celery, createCelery } from '../../src/create-celery.ts'
import { createWorker } from '../../src/create-worker.ts'
import { TaskError } from '../../src/errors.ts'
import { decodeJson, encodeJson } from '../../src/protocol/json.ts'
import { Decimal, PlainDate } from '../../src/protocol/python-values.ts'
import { createRedisResults } from '../../src/results/redis/index.ts'
import { leftOut, servers } from '../../testing/servers.ts'
import { PythonProgram } from '../canvas/support/python.ts'
import { createVirtualHost } from '../control/support/virtual-host.ts'
import { removeKeys } from '../redis/keys.ts'

const { redis = '', python = '', amqp } = servers
const suite = 'single tasks between Python and TypeScript'
if (!redis) leftOut(suite, 'TEST_REDIS_URL')
if (!python) leftOut(suite, 'TEST_CELERY_PYTHON')
if (!amqp) leftOut(`${suite} on RabbitMQ`, 'TEST_AMQP_URL')

const brokers: [string, string | undefined][] = [['Redis', undefined]]
if (amqp) brokers.push(['RabbitMQ', amqp])

interface Question {
  task: string
  args?: unknown[]
  options?: SendOptions
  revoke?: boolean
}

interface Answer {
  value?: unknown
  error?: string
  args?: string[]
  state?: string
  traceback?: boolean
}

describe.skipIf(!redis || !python).each(brokers)('on %s', (_, amqpUrl) => {
  const prefix = `interop-${randomBytes(6).toString('hex')}:`
  const toClose: (() => Promise<unknown>)[] = []
  let app: Celery
  let client: PythonProgram

  beforeAll(async () => {
    const host = amqpUrl === undefined ? undefined : await createVirtualHost(amqpUrl)
    toClose.push(async () => await host?.drop())
    toClose.push(() => removeKeys(redis, prefix))
    app = createCelery({
      broker: host?.url ?? createRedisBroker(redis, { globalKeyPrefix: prefix }),
      results: createRedisResults(redis, { globalKeyPrefix: prefix }),
      defaultQueue: `${prefix}ts`,
      routes: [{ task: 'py.*', queue: `${prefix}py` }],
    })
    toClose.push(() => app.close())
    defineTasks(app)
    const worker = createWorker(app, { hostname: `${prefix}ts@test` })
    await worker.start()
    toClose.push(() => worker.stop({ mode: 'cold' }))

    const env = {
      INTEROP_BROKER: host?.url ?? redis,
      INTEROP_RESULTS: redis,
      INTEROP_PREFIX: prefix,
      PYTHONPATH: join(import.meta.dirname, 'python'),
    }
    const options = ['--pool', 'solo', '-Q', `${prefix}py`, '-n', `${prefix}py@test`, '-l', 'info']
    const pythonWorker = new PythonProgram(
      join(python, 'celery'),
      ['-A', 'interop_tasks', 'worker', ...options],
      env,
    )
    toClose.push(() => pythonWorker.stop())
    client = new PythonProgram(join(python, 'python'), ['-m', 'interop_tasks'], env)
    toClose.push(() => client.stop())
    await Promise.all([pythonWorker.says('ready.'), client.says('ready')])
  })
  afterAll(async () => {
    for (const close of toClose.toReversed()) await close()
  })

  /** From Python to the worker here. */
  async function there(question: Question): Promise<Answer> {
    return (await client.ask(decodeJson(encodeJson(withPythonNames(question))))) as Answer
  }

  /** From here to the worker in Python. */
  async function here({ task, args = [], options = {}, revoke }: Question): Promise<Answer> {
    const result = await app.send(task, { args }, options)
    const control = createControlClient(app)
    if (revoke) await control.revoke(result.id)
    await control.close()
    try {
      return { value: await result.get({ timeout: 10 }), state: await result.state() }
    } catch (error) {
      if (!(error instanceof TaskError)) throw error
      const { type, args: given, traceback } = error
      return {
        error: type,
        args: given.map(String),
        state: await result.state(),
        traceback: Boolean(traceback),
      }
    }
  }

  const sides: [string, 'py' | 'ts', (question: Question) => Promise<Answer>][] = [
    ['Python asks TypeScript', 'ts', (question) => there(question)],
    ['TypeScript asks Python', 'py', (question) => here(question)],
  ]

  describe.each(sides)('%s', (_name, of, ask) => {
    test('a task, with a countdown, compressed, with headers', async () => {
      expect(await ask({ task: `${of}.echo`, args: [[1, 'é', null]] })).toEqual({
        value: [1, 'é', null],
        state: 'SUCCESS',
      })
      const before = Date.now()
      const { value } = await ask({ task: `${of}.now`, options: { countdown: 1.5 } })
      expect(Number(value) * 1_000 - before).toBeGreaterThan(1_400)
      const long = 'a'.repeat(10_000)
      const compressed = await ask({ task: `${of}.echo`, args: [long], options: { compression: 'gzip' } })
      expect(compressed.value).toBe(long)
      const headed = await ask({
        task: `${of}.header`,
        args: ['tenant'],
        options: { headers: { tenant: 'x' } },
      })
      expect(headed.value).toBe('x')
    })

    test('retries until it succeeds, and until there are none left', async () => {
      expect(await ask({ task: `${of}.flaky`, args: [2] })).toEqual({ value: 2, state: 'SUCCESS' })
      expect(await ask({ task: `${of}.flaky`, args: [9] })).toEqual({
        error: 'KeyError',
        args: ['not yet'],
        state: 'FAILURE',
        traceback: true,
      })
    })

    test('what is too late or revoked is not run', async () => {
      const late = await ask({ task: `${of}.echo`, args: [1], options: { countdown: 2, expires: 1 } })
      expect(late).toMatchObject({ error: 'TaskRevokedError', args: ['expired'], state: 'REVOKED' })
      const revoked = await ask({ task: `${of}.echo`, args: [1], options: { countdown: 2 }, revoke: true })
      expect(revoked).toMatchObject({ error: 'TaskRevokedError', args: ['revoked'], state: 'REVOKED' })
    })

    test('a call that does not fit is a TypeError', async () => {
      expect(await ask({ task: `${of}.echo` })).toMatchObject({ error: 'TypeError', state: 'FAILURE' })
    })
  })

  test('TypeScript asks Python with values that JSON has no form for', async () => {
    const values = [new Decimal('1.50'), new PlainDate('2026-03-01'), 2n ** 70n, Uint8Array.of(255)]
    expect(await here({ task: 'py.echo', args: [values] })).toMatchObject({ value: values })
  })

  test('Python’s soft time limit is kept here', async () => {
    const asked = await there({ task: 'ts.wait', options: { softTimeLimit: 0.3 } })
    expect(asked).toMatchObject({ error: 'SoftTimeLimitExceeded', state: 'FAILURE' })
  })
})

/** Options as `send_task` takes them. */
function withPythonNames({ options = {}, ...rest }: Question): object {
  const { softTimeLimit, ...same } = options
  return { ...rest, options: { ...same, ...(softTimeLimit && { soft_time_limit: softTimeLimit }) } }
}

function defineTasks(app: Celery): void {
  type Value = { value: unknown }
  app.task({
    name: 'ts.echo',
    params: ['value'],
    input: {
      '~standard': {
        version: 1,
        vendor: 'test',
        validate: (input) =>
          'value' in (input as object)
            ? { value: input as Value }
            : { issues: [{ message: 'missing', path: ['value'] }] },
      },
    },
    run: ({ value }: Value) => value,
  })
  app.task({
    name: 'ts.flaky',
    params: ['fails'],
    retry: { max: 2 },
    run: ({ fails }: { fails: number }, { retries, retry }) => {
      const cause = new TaskError('KeyError', { args: ['not yet'] })
      if (retries < fails) retry({ countdown: 0.2, cause })
      return retries
    },
  })
  app.task({ name: 'ts.now', run: () => Date.now() / 1_000 })
  app.task({
    name: 'ts.header',
    params: ['name'],
    run: ({ name }: { name: string }, { headers }) => headers[name],
  })
  app.task({ name: 'ts.wait', run: (_, { signal }) => delay(20_000, undefined, { signal }) })
}
