import { expect, test } from 'vitest'
import { CeleryError, TaskError } from '../../src/errors.ts'
import type { WorkerEvents } from '../../src/worker/events.ts'
import { noMetrics } from '../../src/worker/metrics.ts'
import { isWorthAnother } from '../../src/worker/persist.ts'
import {
  createApp,
  demandingResults,
  depthOf,
  type HandDelivery,
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

const refused = () => new CeleryError('BAD_VALUE', 'the server refuses that value')

async function setUp({ results }: { results?: Awaited<ReturnType<typeof demandingResults>> } = {}) {
  const broker = handBroker()
  const { log, lines } = recordLog()
  const app = createApp({ broker, log, ...(results && { results }) })
  task(app, 'late', () => 'done', { ack: 'late' })
  const errors = () => lines.filter(({ level }) => level === 'error').map(({ message }) => message)
  return { app, broker, errors }
}

async function settledOf(broker: ReturnType<typeof handBroker>, delivery: HandDelivery): Promise<string[]> {
  broker.deliver(delivery)
  await until(() => delivery.settled.length > 0)
  return delivery.settled
}

test('an error that no code tells of is tried for a while, a mistake not again, a server that is down for ever', () => {
  const down = new CeleryError('RESULTS_UNAVAILABLE', 'down')
  expect(isWorthAnother(down, 1_000_000)).toBe(true)
  expect(isWorthAnother(refused(), 0)).toBe(false)
  expect(isWorthAnother(new TypeError('a mistake'), 0)).toBe(false)
  const tries = Array.from({ length: 100 }, (_, n) => isWorthAnother(new Error('ECONNRESET'), n))
  expect(tries.filter(Boolean).length).toBe(24)
})

test('pauses between repeats are left to chance, so that not all workers come back in step', async () => {
  const results = await demandingResults()
  const app = createApp({ results })
  task(app, 'add', () => 3)
  // Without it these take minutes.
  results.failures = 12
  await startWorker(app, { random: () => 0 })
  expect(await (await app.send('add')).get()).toBe(3)
})

test('a refused message whose failure the result store refuses is a dead letter all the same', async () => {
  const results = await demandingResults()
  results.store = async () => {
    throw refused()
  }
  const { app, broker, errors } = await setUp({ results })
  await startWorker(app)
  const unknown = handDelivery({ task: 'no.such', id: 'odd\0id' })
  expect(await settledOf(broker, unknown)).toEqual(['discard'])
  expect((await lettersOf(app)).map(({ reason, taskId }) => [reason, taskId])).toEqual([
    ['unknown_task', 'odd\0id'],
  ])
  expect(errors()).toContain('the failure of a message that is refused could not be stored')
})

test('a task whose state the result store refuses ends as a dead letter, and goes round no more', async () => {
  const results = await demandingResults()
  results.store = async () => {
    throw refused()
  }
  const { app, broker } = await setUp({ results })
  await startWorker(app)
  expect(await settledOf(broker, handDelivery({ task: 'late', id: 't1' }))).toEqual(['delay'])
  expect(await settledOf(broker, handDelivery({ task: 'late', id: 't1', task_losses: 4 }))).toEqual([
    'discard',
  ])
  expect((await lettersOf(app)).map(({ reason }) => reason)).toEqual(['worker_lost'])
})

test('a message that is to be a dead letter and cannot be kept as one comes again after a minute', async () => {
  const results = await demandingResults()
  results.store = async () => {
    throw refused()
  }
  const { app, broker } = await setUp({ results })
  broker.deadLetters.add = async () => {
    throw refused()
  }
  await startWorker(app)
  for (const headers of [{ task: 'late', task_losses: 4 }, { task: 'no.such' }]) {
    const delivery = handDelivery({ id: 't1', ...headers })
    expect(await settledOf(broker, delivery)).toEqual(['delay'])
    const seconds = (Number(delivery.delayed?.until) - Date.now()) / 1_000
    expect(seconds).toBeGreaterThan(50)
    expect(seconds).toBeLessThanOrEqual(60)
    expect(delivery.delayed?.headers).toMatchObject({ task_losses: 1 + (headers.task_losses ?? 0) })
  }
})

test('what is put aside each time is begun five times, and after that is a dead letter or put aside again', async () => {
  const results = await demandingResults()
  results.store = async () => {
    throw refused()
  }
  const { app, broker } = await setUp({ results })
  let runs = 0
  task(app, 'counted', () => ++runs, { ack: 'late' })
  await startWorker(app)
  let headers: Record<string, unknown> = { task: 'counted', id: 't1' }
  for (let time = 1; time <= 7; time++) {
    const delivery = handDelivery(headers)
    const { delay } = delivery
    // A first try, for a moment, is refused: only the minute of what is put aside is not.
    delivery.delay = (until, changed) =>
      Number(until) - Date.now() < 50_000 ? Promise.reject(refused()) : delay(until, changed)
    const { add } = broker.deadLetters
    broker.deadLetters.add = () => Promise.reject(refused())
    expect(await settledOf(broker, delivery)).toEqual(['delay'])
    broker.deadLetters.add = add
    headers = { ...delivery.delayed?.headers }
  }
  expect(runs).toBe(5)
  expect(await settledOf(broker, handDelivery(headers))).toEqual(['discard'])
  expect((await lettersOf(app)).map(({ reason }) => reason)).toEqual(['worker_lost'])
})

test('a message that can be neither dealt with nor parked is put back', async () => {
  const { app, broker, errors } = await setUp()
  broker.deadLetters.add = async () => {
    throw refused()
  }
  const worker = await startWorker(app)
  const delivery = handDelivery({ task: 'no.such', id: 't1' })
  const asked = Promise.withResolvers<void>()
  delivery.delay = async () => {
    asked.resolve()
    throw new CeleryError('BROKER_UNAVAILABLE', 'no confirm')
  }
  broker.deliver(delivery)
  await asked.promise
  await worker.stop({ mode: 'cold' })
  expect(delivery.settled).toEqual(['requeue'])
  expect(errors()).toContain('a message could not be refused, and is put aside')
})

test('a message at which the worker itself fails as it comes is not in hand for ever', async () => {
  const { app, broker } = await setUp()
  const { events } = recordEvents()
  const failing = (surface: Parameters<typeof events>[0]): WorkerEvents =>
    Object.assign(events(surface), {
      received: () => {
        throw new TypeError('a mistake')
      },
    })
  const worker = await startWorker(app, { events: failing })
  const delivery = handDelivery({ task: 'late', id: 't1' })
  expect(await settledOf(broker, delivery)).toEqual(['delay'])
  expect(delivery.delayed?.headers).toMatchObject({ task_losses: 1 })
  await worker.stop()
})

test('a message that cannot be parked while the worker stops is put back', async () => {
  const { app, broker } = await setUp()
  const worker = await startWorker(app)
  const eta = new Date(Date.now() + 3_600_000).toISOString()
  const delivery = handDelivery({ task: 'late', id: 't1', eta })
  const gate = Promise.withResolvers<void>()
  delivery.delay = () => gate.promise
  broker.deliver(delivery)
  const stopping = worker.stop()
  gate.reject(new CeleryError('BROKER_UNAVAILABLE', 'no confirm'))
  await stopping
  expect(delivery.settled).toEqual(['requeue'])
})

test('what is held until its time does not begin while a stopping worker puts back what it has', async () => {
  const { app, broker } = await setUp()
  const worker = await startWorker(app, { holdEta: true })
  const held = Array.from({ length: 300 }, (_, n) => {
    const delivery = handDelivery({
      task: 'late',
      id: `t${n}`,
      eta: new Date(Date.now() + 400).toISOString(),
    })
    delivery.requeue = async () => {
      delivery.settled.push('requeue begun')
      await new Promise((resolve) => setTimeout(resolve, 300))
      delivery.settled.push('requeue')
    }
    broker.deliver(delivery)
    return delivery
  })
  const stopping = worker.stop()
  await until(() => held.filter(({ settled }) => settled.length > 0).length >= 100)
  const first = held.map(({ settled }) => settled.length > 0)
  await stopping
  // A bound on how many are on their way, the last that came first.
  expect(first).toEqual(held.map((_, n) => n >= 200))
  expect(new Set(held.map(({ settled }) => settled.join()))).toEqual(new Set(['requeue begun,requeue']))
  expect(await metaOf(app, 't0')).toBeUndefined()
})

test('what is revoked while a stopping worker puts back what it has stays revoked', async () => {
  const { app, broker } = await setUp()
  const worker = await startWorker(app, { holdEta: true })
  const gate = Promise.withResolvers<void>()
  const eta = new Date(Date.now() + 3_600_000).toISOString()
  const held = Array.from({ length: 101 }, (_, n) => {
    const delivery = handDelivery({ task: 'late', id: `t${n}`, eta })
    delivery.requeue = async () => {
      delivery.settled.push('requeue')
      await gate.promise
    }
    broker.deliver(delivery)
    return delivery
  })
  const stopping = worker.stop()
  await worker.surface.revoke(['t0'], { terminate: false, signal: 'TERM' })
  await until(() => held[0]?.settled.length === 1)
  gate.resolve()
  await stopping
  expect(held[0]?.settled).toEqual(['ack'])
  expect(held[1]?.settled).toEqual(['requeue'])
  expect(await metaOf(app, 't0')).toMatchObject({ status: 'REVOKED' })
})

test('of a task that was acknowledged and is cut off, its errback hears', async () => {
  const app = createApp()
  task(app, 'early', async (_input, { signal }) => {
    await new Promise((resolve) => signal.addEventListener('abort', resolve))
  })
  const worker = await startWorker(app)
  const linkError = app.signature('errback', {}, { queue: 'errors' }).toJSON()
  const broker = await app.broker()
  await broker.declare({ name: 'errors' })
  const result = await app.send('early', {}, { linkError })
  await until(() => worker.surface.active().length === 1)
  await worker.stop({ mode: 'cold' })
  await expect(result.get()).rejects.toMatchObject({ type: 'WorkerLostError' })
  expect(await depthOf(app, 'errors')).toBe(1)
})

test('a discarded message that comes again is discarded again, for the dead-letter exchange of its queue', async () => {
  const { app, broker } = await setUp()
  const gate = Promise.withResolvers<void>()
  task(
    app,
    'fails',
    async () => {
      await gate.promise
      throw new Error('on purpose')
    },
    { ack: 'late', ackOnFailure: false },
  )
  const { surface } = await startWorker(app)
  const [first, copy, again] = [false, true, true].map((redelivered) =>
    handDelivery({ task: 'fails', id: 't1' }, { redelivered }),
  ) as [HandDelivery, HandDelivery, HandDelivery]
  broker.deliver(first)
  await until(() => surface.active().length === 1)
  broker.deliver(copy)
  gate.resolve()
  await until(() => first.settled.length + copy.settled.length === 2)
  expect(await settledOf(broker, again)).toEqual(['discard'])
  expect([first.settled, copy.settled]).toEqual([['discard'], ['discard']])
})

test.each([
  ['late', 'discard'],
  ['early', 'ack'],
] as const)(
  'a message that no dead letter is kept of goes to the dead-letter exchange of its queue: %s is %s',
  async (ack, how) => {
    const { app, broker } = await setUp()
    const fails = () => {
      throw new Error('on purpose')
    }
    task(app, 'fails', fails, { ack, retry: { max: 0 } })
    task(app, 'takes nothing', () => 1, { ack, params: [] })
    await startWorker(app, { deadLetters: false })
    const exhausted = handDelivery({ task: 'fails', id: 't1' })
    expect(await settledOf(broker, exhausted)).toEqual([how])
    const invalid = handDelivery({ task: 'takes nothing', id: 't2' }, { args: [1] })
    expect(await settledOf(broker, invalid)).toEqual([how])
    expect(await lettersOf(app)).toEqual([])
  },
)

test('an app that is closed under a task is no failure of the task', async () => {
  const results = await demandingResults()
  const broker = handBroker()
  const { log, lines } = recordLog()
  const app = createApp({ broker, log, results })
  const gate = Promise.withResolvers<void>()
  task(app, 'late', () => gate.promise, { ack: 'late' })
  const link = app.signature('next', {}, { queue: 'next' }).toJSON()
  const worker = await startWorker(app)
  const delivery = handDelivery({ task: 'late', id: 't1' })
  delivery.message.body = Buffer.from(JSON.stringify([[], {}, { callbacks: [link] }]))
  broker.deliver(delivery)
  await until(() => worker.surface.active().length === 1)
  await app.close()
  gate.resolve()
  await until(() => lines.some(({ message }) => message === 'a task could not be finished'))
  await until(() => delivery.settled.length > 0)
  expect(results.calls).toEqual([])
  expect(delivery.settled).toEqual(['delay'])
})

test('of a task that crashes for good, what follows it hears; of one whose retry was sent, nothing is said', async () => {
  const { app, broker } = await setUp()
  const mistaken = {
    bind() {},
    started(name: string) {
      if (name === 'late') throw new TypeError('a mistake')
    },
    finished() {},
    retried() {
      throw new TypeError('a mistake')
    },
    dead() {},
  }
  task(app, 'retries', (_input, { retry }) => retry({ countdown: 3_600 }))
  await startWorker(app, { metrics: mistaken })
  await broker.declare({ name: 'errors' })
  const errback = app.signature('errback', {}, { queue: 'errors' }).toJSON()
  const delivery = handDelivery({ task: 'late', id: 't1', task_losses: 4 })
  delivery.message.body = Buffer.from(JSON.stringify([[], {}, { errbacks: [errback] }]))
  expect(await settledOf(broker, delivery)).toEqual(['discard'])
  expect(await depthOf(app, 'errors')).toBe(1)

  const retried = handDelivery({ task: 'retries', id: 't2' })
  retried.message.body = Buffer.from(JSON.stringify([[], {}, { errbacks: [errback] }]))
  const worker = await startWorker(app, { metrics: mistaken, queues: ['other'] })
  broker.deliver(retried)
  await until(async () => (await metaOf(app, 't2')) !== undefined)
  await worker.stop()
  expect(await metaOf(app, 't2')).toMatchObject({ status: 'RETRY' })
  expect(await depthOf(app, 'errors')).toBe(1)
})

test('what a task told of its progress is never kept after its end', async () => {
  const results = await demandingResults()
  const app = createApp({ results })
  const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const kept: string[] = []
  const { store } = results
  results.store = async (meta) => {
    if (meta.status === 'FIRST') await gates[0]?.promise
    await store(meta)
    kept.push(meta.status)
  }
  task(app, 'hasty', async (_input, { progress }) => {
    void progress(1, 'FIRST')
    void progress(2, 'SECOND')
    await gates[1]?.promise
    throw new Error('on purpose')
  })
  const { surface } = await startWorker(app)
  const result = await app.send('hasty')
  await until(() => surface.active().length === 1)
  gates[1]?.resolve()
  await until(() => surface.active().length === 0)
  gates[0]?.resolve()
  await expect(result.get()).rejects.toThrow('on purpose')
  await until(() => kept.includes('FIRST'))
  expect(kept).toEqual(['FIRST', 'FAILURE'])
})

test.each([
  ['nothing but fields', [Object.create(null) as unknown], '{}'],
  ['groups of a match', [/(?<year>\d+)/.exec('in 2026')?.groups], "{'year': '2026'}"],
  ['several', ['a', 5, null], 'a, 5, None'],
])('an exception whose arguments are %s is a dead letter that says so', async (_, args, message) => {
  const { app, broker } = await setUp()
  const run = () => {
    throw new TaskError('Bad', { args })
  }
  task(app, 'odd', run, { ack: 'late', retry: { max: 0 } })
  await startWorker(app)
  expect(await settledOf(broker, handDelivery({ task: 'odd', id: 't1' }))).toEqual(['ack'])
  expect((await lettersOf(app)).map(({ error }) => [error.type, error.message])).toEqual([['Bad', message]])
})

test('what has no text, thrown by a part of the worker, is a crash as any other', async () => {
  const { app, broker } = await setUp()
  const metrics = {
    ...noMetrics,
    started: () => {
      throw Object.create(null)
    },
  }
  await startWorker(app, { metrics })
  const delivery = handDelivery({ task: 'late', id: 't1' })
  expect(await settledOf(broker, delivery)).toEqual(['delay'])
  expect(delivery.delayed?.headers).toMatchObject({
    task_history: [{ detail: 'an error that cannot be read' }],
  })
})
