import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { CeleryError } from '../../src/errors.ts'
import { isReady, type ResultStore } from '../../src/results/port.ts'
import {
  createApp,
  demandingResults,
  handBroker,
  handDelivery,
  lettersOf,
  metaOf,
  recordLog,
  startWorker,
  task,
  until,
} from './support.ts'

function setUp(options: { results?: ResultStore } = {}) {
  const broker = handBroker()
  const { log, lines } = recordLog()
  const app = createApp({
    broker,
    log,
    ...(options.results === undefined ? {} : { results: options.results }),
  })
  const runs: string[] = []
  const gates = new Map<string, PromiseWithResolvers<void>>()
  const run = async (_input: unknown, { id, retries }: { id: string; retries: number }) => {
    runs.push(`${id} ${retries}`)
    await gates.get(id)?.promise
    return id
  }
  task(app, 'late', run, { ack: 'late' })
  task(app, 'early', run)
  task(app, 'ignoring', run, { ignoreResult: true })
  const hold = (id: string) => {
    const gate = Promise.withResolvers<void>()
    gates.set(id, gate)
    return gate
  }
  return { app, broker, runs, hold, lines }
}

test('a message that comes again while its task runs is not run twice: the new delivery is settled', async () => {
  const { app, broker, runs, hold } = setUp()
  const gate = hold('t1')
  await startWorker(app)
  const first = handDelivery({ task: 'late', id: 't1' })
  broker.deliver(first)
  await until(() => runs.length === 1)
  first.isLost = true
  const again = handDelivery({ task: 'late', id: 't1' }, { redelivered: true })
  broker.deliver(again)
  gate.resolve()
  await until(() => again.settled.length > 0)
  expect(runs).toEqual(['t1 0'])
  expect(again.settled).toEqual(['ack'])
  expect(first.settled).toEqual([])
})

test('of a message that was sent twice, both are settled when its task is done', async () => {
  const { app, broker, runs, hold } = setUp()
  const gate = hold('t1')
  await startWorker(app)
  const first = handDelivery({ task: 'late', id: 't1' })
  const second = handDelivery({ task: 'late', id: 't1' }, { redelivered: true })
  broker.deliver(first)
  await until(() => runs.length === 1)
  broker.deliver(second)
  expect(second.settled).toEqual([])
  gate.resolve()
  await until(() => first.settled.length + second.settled.length === 2)
  expect(runs).toEqual(['t1 0'])
  expect([first.settled, second.settled]).toEqual([['ack'], ['ack']])
})

test('of a message that was sent twice, the second stays when the first is lost before it is begun', async () => {
  const { app, broker, runs, hold } = setUp()
  const gate = hold('t1')
  const { surface } = await startWorker(app, { concurrency: 1 })
  broker.deliver(handDelivery({ task: 'late', id: 't1' }))
  const first = handDelivery({ task: 'late', id: 't2' })
  const second = handDelivery({ task: 'late', id: 't2' }, { redelivered: true })
  broker.deliver(first)
  broker.deliver(second)
  first.isLost = true
  gate.resolve()
  await until(() => second.settled.length > 0)
  await until(() => surface.reserved().length === 0 && surface.active().length === 0)
  expect(runs).toEqual(['t1 0'])
  expect([first.settled, second.settled]).toEqual([[], ['requeue']])
})

test('a message whose acknowledgement was lost is just acknowledged again; its retry is another run', async () => {
  const { app, broker, runs } = setUp()
  await startWorker(app)
  for (const name of ['late', 'early']) {
    const id = `id-${name}`
    broker.deliver(handDelivery({ task: name, id }))
    await until(async () => (await metaOf(app, id))?.status === 'SUCCESS')
    const again = handDelivery({ task: name, id }, { redelivered: true })
    broker.deliver(again)
    await until(() => again.settled.length > 0)
    expect(again.settled).toEqual(['ack'])
  }
  broker.deliver(handDelivery({ task: 'late', id: 'id-late', retries: 1 }, { redelivered: true }))
  await until(() => runs.length === 3)
  expect(runs).toEqual(['id-late 0', 'id-early 0', 'id-late 1'])
})

test('what took the place of a task that is done here is run when it comes again: it has the same id', async () => {
  const { app, broker, runs } = setUp()
  const elsewhere = app.signature('late', { args: [] }, { queue: 'elsewhere' })
  task(app, 'replaced', (_input, { replace }) => replace(elsewhere))
  await startWorker(app)
  const first = handDelivery({ task: 'replaced', id: 't1' })
  broker.deliver(first)
  await until(() => first.settled.length > 0)
  const nested = { task: 'late', id: 't1', replaced_task_nesting: 1 }
  const second = handDelivery(nested, { redelivered: true, starts: 0 })
  broker.deliver(second)
  await until(() => second.settled.length > 0)
  expect(runs).toEqual(['t1 0'])
})

test('a replacement that comes again while what it replaces is in hand is run too', async () => {
  const { app, broker, runs, hold } = setUp()
  const gate = hold('t1')
  await startWorker(app)
  broker.deliver(handDelivery({ task: 'early', id: 't1' }))
  await until(() => runs.length === 1)
  const nested = { task: 'early', id: 't1', replaced_task_nesting: 1 }
  broker.deliver(handDelivery(nested, { redelivered: true, starts: 0 }))
  gate.resolve()
  await until(() => runs.length === 2)
})

test('an id that is used again for other work is run, also when that comes again', async () => {
  const { app, broker, runs } = setUp()
  await startWorker(app)
  const sent = [
    handDelivery({ task: 'late', id: 't1' }),
    handDelivery({ task: 'early', id: 't1' }, { redelivered: true, starts: 0 }),
    handDelivery({ task: 'early', id: 't1', retries: 0 }, { redelivered: true, starts: 0 }),
    handDelivery({ task: 'early', id: 't1' }, { redelivered: true, starts: 0, kwargs: { n: 1 } }),
  ]
  for (const delivery of sent) {
    broker.deliver(delivery)
    await until(() => delivery.settled.length > 0)
  }
  await until(() => runs.length === 3)
  expect(sent.map(({ settled }) => settled)).toEqual([['ack'], ['ack'], ['ack'], ['ack']])
})

test('what is lost before it began is not begun', async () => {
  const { app, broker, runs, hold } = setUp()
  const gate = hold('t1')
  const { surface } = await startWorker(app, { concurrency: 1 })
  broker.deliver(handDelivery({ task: 'late', id: 't1' }))
  const lost = handDelivery({ task: 'late', id: 't2' })
  broker.deliver(lost)
  await until(() => surface.reserved().length === 1)
  lost.isLost = true
  gate.resolve()
  await until(() => surface.reserved().length === 0 && surface.active().length === 0)
  expect(runs).toEqual(['t1 0'])
  expect(lost.settled).toEqual([])
})

test.each([
  ['the broker', { starts: 4 }, {}, true],
  ['the broker', { starts: 5 }, {}, false],
  ['a header beside it', { starts: 3 }, { task_losses: 2 }, false],
])('starts are counted by %s: %j %j', async (_who, counted, headers, isRun) => {
  const { app, broker, runs } = setUp()
  await startWorker(app)
  const delivery = handDelivery({ task: 'late', id: 't1', ...headers }, { redelivered: true, ...counted })
  broker.deliver(delivery)
  await until(async () => (await metaOf(app, 't1')) !== undefined && delivery.settled.length > 0)
  expect(runs.length).toBe(isRun ? 1 : 0)
  expect(delivery.settled).toEqual(['ack'])
  if (isRun) return
  expect(await metaOf(app, 't1')).toMatchObject({
    status: 'FAILURE',
    result: { exc_type: 'WorkerLostError' },
  })
  const [letter] = await lettersOf(app)
  expect(letter).toMatchObject({ reason: 'worker_lost', taskId: 't1' })
})

test('a broker that is down as starts are counted is waited for, and is no loss of the task', async () => {
  const { app, broker, runs, lines } = setUp()
  await startWorker(app)
  const delivery = handDelivery({ task: 'late', id: 't1' }, { redelivered: true })
  let asked = 0
  delivery.countStart = async () => {
    asked += 1
    if (asked === 1) throw new CeleryError('BROKER_UNAVAILABLE', 'the broker is down')
    return 1
  }
  broker.deliver(delivery)
  await until(() => delivery.settled.length > 0)
  expect(delivery.settled).toEqual(['ack'])
  expect(runs).toEqual(['t1 0'])
  expect(lines.filter(({ level }) => level === 'error')).toEqual([])
})

test('starts are counted in the result store where the broker cannot', async () => {
  const { app, broker, runs } = setUp()
  await startWorker(app, { maxDeliveries: 3 })
  const store = await app.store()
  // Its first worker was lost, then a second one that noted its start.
  await store.countStart('t1')
  broker.deliver(handDelivery({ task: 'late', id: 't1' }, { redelivered: true }))
  await until(() => runs.length === 1)
  await until(async () => (await metaOf(app, 't1'))?.status === 'SUCCESS')
  await store.countStart('t2')
  await store.countStart('t2')
  const last = handDelivery({ task: 'late', id: 't2' }, { redelivered: true })
  broker.deliver(last)
  await until(() => last.settled.length > 0)
  expect(runs).toEqual(['t1 0'])
  expect(await metaOf(app, 't2')).toMatchObject({ status: 'FAILURE' })
})

test('a start whose count was not answered is counted once, however often it is asked for', async () => {
  const { app, broker, runs } = setUp()
  await startWorker(app, { maxDeliveries: 3 })
  const store = await app.store()
  const { countStart } = store
  let asked = 0
  store.countStart = async (...args) => {
    asked += 1
    const count = await countStart(...args)
    if (asked < 3) throw new CeleryError('RESULTS_UNAVAILABLE', 'the answer was lost')
    return count
  }
  broker.deliver(handDelivery({ task: 'late', id: 't1' }, { redelivered: true }))
  await until(async () => isReady((await metaOf(app, 't1'))?.status ?? ''))
  expect(asked).toBe(3)
  expect(runs).toEqual(['t1 0'])
})

test('where neither can count, the message goes round with the count in a header', async () => {
  const broker = handBroker()
  const { log } = recordLog()
  const app = createApp({ broker, log, results: undefined as never })
  const runs: string[] = []
  task(app, 'late', (_input, { id }) => runs.push(id), { ack: 'late' })
  await startWorker(app, { maxDeliveries: 3 })
  const second = handDelivery({ task: 'late', id: 't1' }, { redelivered: true })
  broker.deliver(second)
  await until(() => second.settled.length > 0)
  expect(second.settled).toEqual(['delay'])
  expect(second.delayed?.headers).toMatchObject({ task: 'late', id: 't1', task_losses: 1 })
  const marked = handDelivery({ task: 'late', id: 't1', task_losses: 1 })
  broker.deliver(marked)
  await until(() => marked.settled.length > 0)
  expect(runs).toEqual(['t1'])
  const last = handDelivery({ task: 'late', id: 't2', task_losses: 2 }, { redelivered: true })
  broker.deliver(last)
  await until(() => last.settled.length > 0)
  expect(runs).toEqual(['t1'])
  expect((await lettersOf(app)).map(({ reason, taskId }) => [reason, taskId])).toEqual([
    ['worker_lost', 't2'],
  ])
})

test('a mistake in the worker itself is logged, the message comes again later, and at last is a dead letter', async () => {
  const { app, broker, lines, runs } = setUp()
  const mistaken = {
    bind() {},
    started(name: string) {
      if (name === 'late') throw new TypeError('a mistake')
    },
    finished() {},
    retried() {},
    dead() {},
  }
  const { surface } = await startWorker(app, { metrics: mistaken, concurrency: 1 })
  const delivery = handDelivery({ task: 'late', id: 't1' })
  broker.deliver(delivery)
  await until(() => delivery.settled.length > 0)
  expect(delivery.settled).toEqual(['delay'])
  expect(delivery.delayed?.headers).toMatchObject({
    task_losses: 1,
    task_history: [{ event: 'crash', detail: 'TypeError: a mistake' }],
  })
  expect(lines.find(({ level }) => level === 'error')).toMatchObject({ fields: { id: 't1', task: 'late' } })
  const last = handDelivery({ ...delivery.delayed?.headers, task_losses: 4 })
  broker.deliver(last)
  await until(() => last.settled.length > 0)
  expect(last.settled).toEqual(['discard'])
  expect(await metaOf(app, 't1')).toMatchObject({ status: 'FAILURE', result: { exc_type: 'TypeError' } })
  expect((await lettersOf(app)).map(({ reason }) => reason)).toEqual(['worker_lost'])
  broker.deliver(handDelivery({ task: 'early', id: 't2' }))
  await until(() => runs.includes('t2 0') && surface.active().length === 0)
})

test('a retry has the arguments as they were sent, whatever the task made of them', async () => {
  const { app, broker } = setUp()
  const seen: unknown[] = []
  task(
    app,
    'changes',
    ({ list }, { retries }) => {
      seen.push([...(list as number[])])
      ;(list as number[]).push(99)
      if (retries === 0) throw new Error('once')
    },
    { params: ['list'], retry: { delay: 0 } },
  )
  await startWorker(app)
  broker.deliver(handDelivery({ task: 'changes', id: 't1' }, { args: [[1, 2]] }))
  await until(() => seen.length === 2)
  expect(seen).toEqual([
    [1, 2],
    [1, 2],
  ])
})

test('what waited for its time, or comes again, is not run when the result store says that it was revoked', async () => {
  const { app, broker, runs } = setUp()
  await startWorker(app)
  const store = await app.store()
  const revoked = { status: 'REVOKED', result: null, traceback: null, children: [], date_done: null }
  const eta = new Date(Date.now() - 1_000).toISOString()
  const back = ['early', 'late', 'ignoring'].flatMap((name) => [
    handDelivery({ task: name, id: `revoked-eta-${name}`, eta }),
    handDelivery({ task: name, id: `revoked-again-${name}` }, { redelivered: true, starts: 0 }),
    handDelivery({ task: name, id: `wanted-${name}`, eta }),
  ])
  for (const { message } of back) {
    const id = String(message.headers.id)
    if (id.startsWith('revoked')) await store.store({ ...revoked, task_id: id })
  }
  for (const delivery of back) broker.deliver(delivery)
  await until(() => back.every(({ settled }) => settled.length > 0))
  expect(back.map(({ settled }) => settled)).toEqual(back.map(() => ['ack']))
  expect(runs.toSorted()).toEqual(['wanted-early 0', 'wanted-ignoring 0', 'wanted-late 0'])
})

test('what expired, or was revoked, while something was asked before its first line is not run', async () => {
  let now = Date.now()
  const results = await demandingResults()
  const broker = handBroker()
  const app = createApp({ broker, results, now: () => new Date(now) })
  const runs: string[] = []
  const run = (_input: unknown, { id }: { id: string }) => runs.push(id)
  task(app, 'late', run, { ack: 'late' })
  task(app, 'early', run)
  const { surface } = await startWorker(app)
  const [asked, acknowledged] = [Promise.withResolvers<void>(), Promise.withResolvers<boolean>()]
  const { get } = results
  results.get = async (ids) => {
    await asked.promise
    return await get.call(results, ids)
  }
  const eta = new Date(now - 1_000).toISOString()
  const expires = new Date(now + 60_000).toISOString()
  const expired = handDelivery({ task: 'late', id: 'expired', eta, expires })
  const revoked = handDelivery({ task: 'late', id: 'revoked', eta })
  const early = handDelivery({ task: 'early', id: 'early', expires })
  early.ackFirst = () => acknowledged.promise
  for (const delivery of [expired, revoked, early]) broker.deliver(delivery)
  await until(() => surface.active().length === 3)
  now += 61_000
  await surface.revoke(['revoked'], { terminate: false, signal: 'SIGTERM' })
  asked.resolve()
  acknowledged.resolve(true)
  const states = async () => {
    const metas = await get.call(results, ['expired', 'revoked', 'early'])
    return metas.map((meta) => [meta?.status, (meta?.result as { exc_message?: unknown })?.exc_message])
  }
  await until(() => surface.active().length === 0)
  expect(await states()).toEqual([
    ['REVOKED', ['expired']],
    ['REVOKED', ['revoked']],
    ['REVOKED', ['expired']],
  ])
  expect([expired.settled, revoked.settled, runs]).toEqual([['ack'], ['ack'], []])
})

test('a rejected run and the next one of its task are told apart when they come again', async () => {
  const { app, broker, runs } = setUp()
  await startWorker(app)
  broker.deliver(handDelivery({ task: 'early', id: 't1' }))
  await until(async () => (await metaOf(app, 't1'))?.status === 'SUCCESS')
  const next = handDelivery({ task: 'early', id: 't1', task_losses: 1 }, { redelivered: true, starts: 0 })
  broker.deliver(next)
  await until(() => next.settled.length > 0 && runs.length === 2)
})

test('a store that is down holds up what needs it, and not what waited and keeps no result', async () => {
  const results = await demandingResults()
  const { app, broker, runs } = setUp({ results })
  await startWorker(app)
  let isDown = true
  const { get } = results
  results.get = async (ids) => {
    if (isDown) throw new CeleryError('RESULTS_UNAVAILABLE', 'the store is down')
    return await get.call(results, ids)
  }
  const eta = new Date(Date.now() - 1_000).toISOString()
  broker.deliver(handDelivery({ task: 'late', id: 't1', eta }))
  broker.deliver(handDelivery({ task: 'ignoring', id: 't2', eta }))
  await until(() => runs.length === 1)
  expect(runs).toEqual(['t2 0'])
  isDown = false
  await until(() => runs.length === 2)
})

test.each([
  [4, true],
  [5, false],
])(
  'an early task that was begun %i times before and never acknowledged is counted too',
  async (starts, isRun) => {
    const { app, broker, runs } = setUp()
    await startWorker(app)
    const delivery = handDelivery({ task: 'early', id: 't1' }, { redelivered: true, starts })
    broker.deliver(delivery)
    await until(() => delivery.settled.length > 0)
    await until(async () => (await metaOf(app, 't1'))?.status === (isRun ? 'SUCCESS' : 'FAILURE'))
    expect(runs.length).toBe(isRun ? 1 : 0)
    expect((await lettersOf(app)).map(({ reason }) => reason)).toEqual(isRun ? [] : ['worker_lost'])
  },
)

test('an early task begins only once its acknowledgement is out; when it is lost first, its message is run', async () => {
  const { app, broker, runs } = setUp()
  await startWorker(app)
  const [out, inVain] = [Promise.withResolvers<boolean>(), Promise.withResolvers<boolean>()]
  const first = handDelivery({ task: 'early', id: 't1' })
  const second = handDelivery({ task: 'early', id: 't2' })
  first.ackFirst = () => out.promise
  second.ackFirst = () => inVain.promise
  broker.deliver(first)
  broker.deliver(second)
  // In the order of deliveries: those before have had their chance to begin.
  broker.deliver(handDelivery({ task: 'early', id: 't3' }))
  await until(() => runs.length === 1)
  expect(runs).toEqual(['t3 0'])
  second.isLost = true
  const again = handDelivery({ task: 'early', id: 't2' }, { redelivered: true, starts: 0 })
  broker.deliver(again)
  out.resolve(true)
  inVain.resolve(false)
  await until(() => runs.length === 2 && again.settled.length > 0)
  expect(runs).toEqual(['t3 0', 't1 0'])
  // It goes back and is begun when it comes the next time.
  expect(again.settled).toEqual(['requeue'])
})

test('what was lost with its worker twice is begun with nothing beside it, and others go on when it has lived', async () => {
  const { app, broker, runs, hold } = setUp()
  const gates = ['before', 'suspect'].map(hold)
  await startWorker(app, { concurrency: 4 })
  broker.deliver(handDelivery({ task: 'late', id: 'before' }))
  const counted: string[] = []
  for (const [id, starts] of [
    ['suspect', 2],
    ['other', 1],
  ] as const) {
    const delivery = handDelivery({ task: 'late', id }, { redelivered: true })
    delivery.countStart = async () => {
      counted.push(id)
      return starts
    }
    broker.deliver(delivery)
  }
  await until(() => counted.length > 0)
  await turn()
  broker.deliver(handDelivery({ task: 'late', id: 'fresh' }))
  expect(runs).toEqual(['before 0'])
  gates[0]?.resolve()
  await until(() => runs.length === 2)
  expect([runs, counted]).toEqual([['before 0', 'suspect 0'], ['suspect']])
  gates[1]?.resolve()
  await until(() => runs.length === 4)
  expect([runs.slice(2).toSorted(), counted]).toEqual([
    ['fresh 0', 'other 0'],
    ['suspect', 'other'],
  ])
})

test('a suspect that goes on for long holds up nothing for ever, nor does one that came back by itself', async () => {
  const { app, broker, runs, hold } = setUp()
  const gates = ['suspect', 'rejected'].map(hold)
  await startWorker(app, { concurrency: 4 })
  const history = [1, 2].map((n) => ({ at: `2026-01-0${n}T00:00:00Z`, event: 'rejected', detail: 'not yet' }))
  broker.deliver(handDelivery({ task: 'late', id: 'rejected', task_losses: 2, task_history: history }))
  await until(() => runs.length === 1)
  broker.deliver(handDelivery({ task: 'late', id: 'beside' }))
  expect(runs).toEqual(['rejected 0', 'beside 0'])
  broker.deliver(handDelivery({ task: 'late', id: 'suspect' }, { redelivered: true, starts: 3 }))
  broker.deliver(handDelivery({ task: 'late', id: 'fresh' }))
  await until(() => runs.length === 4)
  expect(runs.slice(2).toSorted()).toEqual(['fresh 0', 'suspect 0'])
  for (const gate of gates) gate.resolve()
})

test('what waits for a suspect goes back when the worker stops', async () => {
  const { app, broker, runs, hold } = setUp()
  const gate = hold('suspect')
  const worker = await startWorker(app, { concurrency: 4 })
  broker.deliver(handDelivery({ task: 'late', id: 'suspect' }, { redelivered: true, starts: 2 }))
  await until(() => runs.length === 1)
  const waiting = [
    handDelivery({ task: 'late', id: 'fresh' }),
    handDelivery({ task: 'late', id: 'again' }, { redelivered: true, starts: 1 }),
  ]
  for (const delivery of waiting) broker.deliver(delivery)
  const stopping = worker.stop()
  gate.resolve()
  await stopping
  expect([runs, waiting.map(({ settled }) => settled)]).toEqual([['suspect 0'], [['requeue'], ['requeue']]])
})
