import { expect, test } from 'vitest'
import type { TaskContext } from '../../src/app/task.ts'
import { CeleryError } from '../../src/errors.ts'
import {
  createApp,
  demandingResults,
  handBroker,
  handDelivery,
  lettersOf,
  metaOf,
  recordEvents,
  recordLog,
  startWorker,
  task,
  until,
} from './support.ts'

test('a policy tries again, with all that the task had, until it succeeds', async () => {
  const results = await demandingResults()
  const app = createApp({ results })
  const { events, told } = recordEvents()
  const seen: unknown[] = []
  task(
    app,
    'flaky',
    ({ x }, { id, retries, headers }) => {
      seen.push([id, retries, x, headers.tenant, headers.root_id])
      if (retries < 2) throw new Error(`try ${retries}`)
      return retries
    },
    { params: ['x'], retry: { max: 3, delay: 0, jitter: false } },
  )
  await startWorker(app, { events })
  const result = await app.send('flaky', { args: [7] }, { headers: { tenant: 't1' } })
  expect(await result.get()).toBe(2)
  expect(seen).toEqual([0, 1, 2].map((retries) => [result.id, retries, 7, 't1', result.id]))
  expect(results.calls).toEqual(['RETRY', 'RETRY', 'SUCCESS'])
  expect(told.filter(([type]) => type === 'retried')).toEqual([
    ['retried', result.id, 'Exception'],
    ['retried', result.id, 'Exception'],
  ])
})

test('the log says to the millisecond when a task is tried again', async () => {
  const { log, lines } = recordLog()
  const app = createApp({ log, now: () => new Date(Date.UTC(2026, 0, 1)) })
  task(app, 'later', (_input, { retry }) => retry({ countdown: 0.3 }))
  await startWorker(app)
  await app.send('later')
  const said = () => lines.map(({ message }) => message).find((message) => message.startsWith('retry '))
  await until(() => said() !== undefined, 'the retry')
  expect(said()).toMatch(/^retry in 0\.3s: .*Retry in 0\.3s/)
})

test('what befell a task is cut between characters: a broker refuses half of one', async () => {
  const app = createApp()
  const run = (_input: unknown, { retries, headers }: TaskContext) => {
    if (retries === 0) throw new Error('😀'.repeat(300))
    return headers.task_history
  }
  task(app, 'flaky', run, { retry: { delay: 0 } })
  await startWorker(app)
  const [entry] = (await (await app.send('flaky')).get()) as [{ detail: string }]
  expect(entry.detail).toMatch(/^Exception\('😀{200}/u)
  expect(entry.detail.length).toBe(500)
})

test('a retry waits at the broker for its time', async () => {
  const app = createApp()
  const starts: number[] = []
  task(
    app,
    'slow.retry',
    (_input, { retries, eta }) => {
      starts.push(Date.now())
      if (retries === 0) throw new Error('once')
      return eta instanceof Date
    },
    { retry: { delay: 0.4, jitter: false } },
  )
  const { surface } = await startWorker(app)
  const result = await app.send('slow.retry')
  await until(async () => (await metaOf(app, result.id))?.status === 'RETRY')
  expect(await metaOf(app, result.id)).toMatchObject({
    result: { exc_type: 'Exception', exc_message: ['once'] },
  })
  expect(surface.active()).toEqual([])
  expect(await result.get()).toBe(true)
  expect((starts[1] ?? 0) - (starts[0] ?? 0)).toBeGreaterThanOrEqual(395)
})

test('out of retries it fails, and is a dead letter with its history', async () => {
  const app = createApp()
  task(
    app,
    'hopeless',
    (_input, { retries }) => {
      throw new RangeError(`no ${retries}`)
    },
    { retry: { max: 2, delay: 0 }, ack: 'late' },
  )
  await startWorker(app, { hostname: 'w1@test' })
  const result = await app.send('hopeless', { kwargs: { a: 1 } })
  await expect(result.get()).rejects.toThrow('no 2')
  await until(async () => (await lettersOf(app)).length === 1)
  const [letter] = await lettersOf(app)
  expect(letter).toMatchObject({
    reason: 'retries_exhausted',
    taskId: result.id,
    task: 'hopeless',
    worker: 'w1@test',
    error: { type: 'ValueError', message: 'no 2' },
    history: [
      { event: 'retry', detail: "ValueError('no 0')" },
      { event: 'retry', detail: "ValueError('no 1')" },
    ],
  })
  expect(letter?.message.headers).toMatchObject({ id: result.id, retries: 2 })
})

test('which errors are worth a try, and which dead letters are kept, is a choice', async () => {
  const app = createApp()
  let runs = 0
  const policy = { max: 1, delay: 0, on: (error: unknown) => error instanceof RangeError }
  task(
    app,
    'picky',
    ({ kind }) => {
      runs += 1
      throw kind === 'range' ? new RangeError('r') : new TypeError('t')
    },
    { retry: policy },
  )
  await startWorker(app, { deadLetters: { retries_exhausted: false } })
  await expect((await app.send('picky', { kwargs: { kind: 'type' } })).get()).rejects.toThrow('t')
  expect(runs).toBe(1)
  await expect((await app.send('picky', { kwargs: { kind: 'range' } })).get()).rejects.toThrow('r')
  expect(runs).toBe(3)
  expect(await lettersOf(app)).toEqual([])
})

test('a task asks for a retry itself, with other arguments, and gives its reason', async () => {
  const app = createApp()
  task(
    app,
    'asks',
    ({ page }, { retry, retries }) => {
      if (retries === 0) retry({ countdown: 0, args: [2], cause: new Error('page 1 is empty') })
      return page
    },
    { params: ['page'] },
  )
  task(app, 'gives up', (_input, { retry }) => retry({ countdown: 0, max: 1 }))
  task(app, 'gives up with', (_input, { retry }) => retry({ max: 0, cause: new RangeError('too far') }))
  await startWorker(app)
  expect(await (await app.send('asks', { args: [1] })).get()).toBe(2)
  await expect((await app.send('gives up')).get()).rejects.toMatchObject({ type: 'MaxRetriesExceededError' })
  await expect((await app.send('gives up with')).get()).rejects.toMatchObject({
    type: 'ValueError',
    message: 'too far',
  })
  await until(async () => (await lettersOf(app)).length === 2)
})

test.each(['early', 'late'] as const)(
  'a %s task may reject its message, back into the queue or away',
  async (ack) => {
    const app = createApp()
    const { events, told } = recordEvents()
    let runs = 0
    task(
      app,
      'rejects',
      ({ away }, { reject, redelivered }) => {
        runs += 1
        if (away) reject({ reason: 'not mine' })
        if (!redelivered) reject({ requeue: true })
        return 'second time'
      },
      { ack },
    )
    await startWorker(app, { events })
    expect(await (await app.send('rejects')).get()).toBe('second time')
    expect(runs).toBe(2)
    const away = await app.send('rejects', { kwargs: { away: true } })
    await expect(away.get()).rejects.toMatchObject({ type: 'Reject', message: 'not mine' })
    await until(async () => (await lettersOf(app)).length === 1)
    expect((await lettersOf(app))[0]).toMatchObject({
      reason: 'rejected',
      taskId: away.id,
      error: { message: 'not mine', traceback: expect.stringMatching(/^TaskError: not mine$/m) },
    })
    expect(told.filter(([type]) => type === 'rejected').map(([, , requeue]) => requeue)).toEqual([
      true,
      false,
    ])
  },
)

test.each(['early', 'late'] as const)(
  'a %s task that always rejects itself is begun less and less often',
  async (ack) => {
    const broker = handBroker()
    const app = createApp({ broker })
    const run = (_input: unknown, { reject }: TaskContext) => reject({ requeue: true, reason: 'not yet' })
    task(app, 'rejects', run, { ack })
    const sent: [Record<string, unknown>, Date | undefined][] = []
    broker.publish = async ({ headers }, _to, options) => void sent.push([headers, options?.notBefore])
    const { surface } = await startWorker(app, { maxDeliveries: 4 })
    let headers: Record<string, unknown> = { task: 'rejects', id: 't1' }
    for (const pause of [1, 2, 4]) {
      const begun = Date.now()
      const delivery = handDelivery(headers)
      broker.deliver(delivery)
      await until(() => surface.totals().rejects !== undefined && surface.active().length === 0)
      await until(() => (ack === 'late' ? delivery.delayed !== undefined : sent.length > 0))
      const [next, until_] =
        ack === 'late' ? [delivery.delayed?.headers, delivery.delayed?.until] : (sent.pop() ?? [])
      expect(delivery.settled).toEqual([ack === 'late' ? 'delay' : 'ack'])
      expect(next).toMatchObject({ id: 't1', task: 'rejects' })
      expect(Number(until_) - begun).toBeGreaterThanOrEqual(pause * 1_000)
      expect(Number(until_) - begun).toBeLessThan(pause * 1_000 + 900)
      expect(next?.eta).toBe(until_?.toISOString().replace('Z', '+00:00'))
      // As if that time had come.
      headers = { ...next, eta: null }
    }
    broker.deliver(handDelivery(headers))
    await until(async () => (await lettersOf(app)).length === 1)
    expect((await lettersOf(app))[0]).toMatchObject({
      reason: 'rejected',
      taskId: 't1',
      error: { message: 'not yet, as it has 4 times' },
      history: [1, 2, 3].map(() => ({ event: 'rejected', detail: 'not yet' })),
    })
    expect(await metaOf(app, 't1')).toMatchObject({ status: 'FAILURE', result: { exc_type: 'Reject' } })
    expect(sent).toEqual([])
  },
)

test('a task that rejected itself begins no sooner where its broker brings it early, as RabbitMQ does', async () => {
  const broker = handBroker()
  const app = createApp({ broker })
  const begun: number[] = []
  const run = (_input: unknown, { reject }: TaskContext) => {
    begun.push(Date.now())
    if (begun.length === 1) reject({ requeue: true })
  }
  task(app, 'rejects', run, { ack: 'late' })
  await startWorker(app)
  const first = handDelivery({ task: 'rejects', id: 't1' })
  broker.deliver(first)
  await until(() => first.delayed !== undefined)
  broker.deliver(handDelivery(first.delayed?.headers ?? {}))
  await until(() => begun.length === 2)
  expect(begun[1]).toBeGreaterThanOrEqual(Number(first.delayed?.until) - 1)
})

test('while the result store is down, nothing is acknowledged without its effect', async () => {
  const results = await demandingResults()
  const broker = handBroker()
  const app = createApp({ broker, results })
  task(app, 'late', () => 'kept', { ack: 'late' })
  const { surface } = await startWorker(app)
  results.failures = 2
  const delivery = handDelivery({ task: 'late', id: 't1' })
  broker.deliver(delivery)
  await until(() => results.failures === 1)
  expect(delivery.settled).toEqual([])
  await until(() => delivery.settled.length > 0)
  expect(delivery.settled).toEqual(['ack'])
  expect(await metaOf(app, 't1')).toMatchObject({ status: 'SUCCESS', result: 'kept' })
  expect(surface.totals()).toEqual({ late: 1 })
})

test('while the broker is down, a retry is not acknowledged before it is sent', async () => {
  const broker = handBroker()
  const app = createApp({ broker })
  let isDown = true
  let refused = 0
  const { publish } = broker
  broker.publish = async (...args) => {
    if (!isDown) return await publish(...args)
    refused += 1
    throw new CeleryError('BROKER_UNAVAILABLE', 'the broker is down')
  }
  task(
    app,
    'flaky',
    (_input, { retries }) => {
      if (retries === 0) throw new Error('once')
      return 'second time'
    },
    { ack: 'late', retry: { delay: 0 } },
  )
  await startWorker(app)
  const delivery = handDelivery({ task: 'flaky', id: 't1' })
  broker.deliver(delivery)
  await until(() => refused === 2)
  expect(delivery.settled).toEqual([])
  expect(await metaOf(app, 't1')).toMatchObject({ status: 'RETRY' })
  isDown = false
  expect(await app.result('t1').get()).toBe('second time')
  expect(delivery.settled).toEqual(['ack'])
})

test.each([
  [true, 'ack'],
  [false, 'discard'],
])('with ackOnFailure %s, a failure ends with %s', async (ackOnFailure, how) => {
  const broker = handBroker()
  const app = createApp({ broker })
  task(app, 'fails', () => Promise.reject(new Error('no')), { ack: 'late', ackOnFailure })
  await startWorker(app)
  const delivery = handDelivery({ task: 'fails', id: 't1' })
  broker.deliver(delivery)
  await until(() => delivery.settled.length > 0)
  expect(delivery.settled).toEqual([how])
  expect(await metaOf(app, 't1')).toMatchObject({ status: 'FAILURE' })
})

test('a promise of a policy says nothing, and its rejection ends nothing', async () => {
  const app = createApp()
  let runs = 0
  const on = (() => Promise.reject(new Error('too late'))) as never
  const run = () => {
    runs += 1
    throw new RangeError('on purpose')
  }
  task(app, 'hasty', run, { retry: { delay: 0, on } })
  await startWorker(app)
  await expect((await app.send('hasty')).get()).rejects.toThrow('on purpose')
  expect(runs).toBe(1)
})
