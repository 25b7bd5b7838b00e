import { expect, test } from 'vitest'
import { receive } from '../../src/worker/receive.ts'
import { insideOf } from './inside.ts'
import { createApp, handDelivery, lettersOf, metaOf, recordLog, task, until } from './support.ts'

/** A worker's inside, with tasks that go on until their gate is opened, if they have one. */
async function setUp(options: { withResults?: boolean } = {}) {
  const { log } = recordLog()
  const app = createApp({ log })
  const runs: string[] = []
  const gates = new Map<string, PromiseWithResolvers<void>>()
  const run = async (_input: unknown, { id }: { id: string }) => {
    runs.push(id)
    await gates.get(id)?.promise
  }
  task(app, 'late', run, { ack: 'late' })
  task(app, 'early', run)
  const hold = (id: string) => {
    const gate = Promise.withResolvers<void>()
    gates.set(id, gate)
    return gate
  }
  return { app, ...(await insideOf(app, options)), runs, hold }
}

test.each([
  ['late', ['requeue'], undefined],
  ['early', ['ack'], 'FAILURE'],
])('a %s suspect that a cold stop has dealt with does not begin any more', async (ack, settled, status) => {
  const { app, runtime, shutdown, runs, hold } = await setUp()
  hold('long')
  receive(runtime, handDelivery({ task: 'late', id: 'long' }))
  const suspect = handDelivery({ task: ack, id: 'suspect' }, { redelivered: true, starts: 2 })
  receive(runtime, suspect)
  await until(() => runtime.turns.alone !== undefined)
  await shutdown.stop({ mode: 'cold' })
  const endTurn = await runtime.turns.next()
  endTurn()
  expect([runs, suspect.settled]).toEqual([['long'], settled])
  expect((await metaOf(app, 'suspect'))?.status).toBe(status)
})

test('a suspect that waits for others to end goes back when the worker stops warm', async () => {
  const { runtime, shutdown, runs, hold } = await setUp()
  const gate = hold('long')
  receive(runtime, handDelivery({ task: 'late', id: 'long' }))
  const suspect = handDelivery({ task: 'late', id: 'suspect' }, { redelivered: true, starts: 2 })
  receive(runtime, suspect)
  await until(() => runtime.turns.alone !== undefined)
  const stopping = shutdown.stop({})
  await until(() => suspect.settled.length > 0)
  expect([runs, suspect.settled]).toEqual([['long'], ['requeue']])
  gate.resolve()
  await stopping
})

test('one that is acknowledged still runs, after them', async () => {
  const { app, runtime, shutdown, runs, hold } = await setUp()
  const gate = hold('long')
  receive(runtime, handDelivery({ task: 'late', id: 'long' }))
  receive(runtime, handDelivery({ task: 'early', id: 'suspect' }, { redelivered: true, starts: 2 }))
  await until(() => runtime.turns.alone !== undefined)
  const stopping = shutdown.stop({})
  gate.resolve()
  await stopping
  expect(runs).toEqual(['long', 'suspect'])
  expect(await metaOf(app, 'suspect')).toMatchObject({ status: 'SUCCESS' })
})

test('a suspect does not begin beside what is being acknowledged to begin', async () => {
  const { runtime, runs, hold } = await setUp()
  const gate = hold('innocent')
  const acknowledged = Promise.withResolvers<boolean>()
  const innocent = handDelivery({ task: 'early', id: 'innocent' })
  innocent.ackFirst = () => acknowledged.promise
  receive(runtime, innocent)
  receive(runtime, handDelivery({ task: 'late', id: 'suspect' }, { redelivered: true, starts: 2 }))
  await until(() => runtime.turns.alone !== undefined)
  acknowledged.resolve(true)
  await until(() => runs.includes('innocent'))
  gate.resolve()
  await until(() => runs.includes('suspect'))
  expect(runs).toEqual(['innocent', 'suspect'])
})

test('what came back by itself before a retry makes no start after it harmless', async () => {
  const { runtime, runs, hold } = await setUp()
  const gate = hold('long')
  receive(runtime, handDelivery({ task: 'late', id: 'long' }))
  const history = ['rejected', 'rejected', 'retry'].map((event, n) => {
    return { at: `2026-01-0${n + 1}T00:00:00Z`, event, detail: '' }
  })
  const headers = { task: 'late', id: 'suspect', retries: 1, task_history: history }
  receive(runtime, handDelivery(headers, { redelivered: true, starts: 2 }))
  await until(() => runtime.turns.alone !== undefined || runs.length === 2)
  expect(runs).toEqual(['long'])
  gate.resolve()
  await until(() => runs.length === 2)
})

test.each([
  ['by the broker', 5],
  ['by nobody but the message itself', undefined],
])('what is revoked while its starts are counted %s has that end and no other', async (_who, starts) => {
  const { app, runtime, surface, runs } = await setUp({ withResults: starts !== undefined })
  const counted = Promise.withResolvers<void>()
  const delivery = handDelivery({ task: 'late', id: 't1' }, { redelivered: true })
  const counting = Promise.withResolvers<void>()
  delivery.countStart = async () => {
    counting.resolve()
    await counted.promise
    return starts
  }
  receive(runtime, delivery)
  await counting.promise
  await surface.revoke(['t1'], { terminate: true, signal: 'TERM' })
  await until(() => delivery.settled.length > 0)
  counted.resolve()
  const endTurn = await runtime.turns.next()
  endTurn()
  expect([delivery.settled, runs]).toEqual([['ack'], []])
  expect(await lettersOf(app)).toEqual([])
})
