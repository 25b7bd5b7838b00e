import { expect, test } from 'vitest'
import type { WireMessage } from '../../src/protocol/message.ts'
import {
  createApp,
  demandingResults,
  depthOf,
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

function wire(
  body: string | Buffer,
  headers: Record<string, unknown>,
  contentType = 'application/json',
): WireMessage {
  return { headers, properties: { contentType, contentEncoding: 'utf-8' }, body: Buffer.from(body) }
}

const ok = { lang: 'py', task: 'known', id: 'an-id' }

test.each([
  ['undecodable', wire('{nonsense', ok), 'an-id'],
  ['undecodable', wire('[1, 2]', ok), 'an-id'],
  ['unsupported_protocol', wire('{"task": "known", "id": "v1", "args": [], "kwargs": {}}', {}), undefined],
  ['refused_content_type', wire(Buffer.from([0x80, 2, 0x2e]), ok, 'application/x-python-serialize'), 'an-id'],
  ['too_large', wire(`[["${'x'.repeat(3_000)}"], {}, null]`, ok), 'an-id'],
])('%s is refused once, kept as a dead letter, and nothing else stops', async (reason, message, id) => {
  const app = createApp({ maxBodySize: 2_000 })
  const { events, told } = recordEvents()
  task(app, 'known', () => 'still here')
  await startWorker(app, { events })
  const broker = await app.broker()
  await broker.publish(message, { exchange: '', routingKey: 'celery' })
  await until(async () => (await lettersOf(app)).length === 1, 'a dead letter')
  const [letter] = await lettersOf(app)
  expect(letter).toMatchObject({ reason, taskId: id, queue: 'celery', history: [] })
  expect(letter?.message.body.equals(message.body)).toBe(true)
  expect(await (await app.send('known')).get()).toBe('still here')
  expect(await depthOf(app)).toBe(0)
  if (id) {
    expect(await metaOf(app, id)).toMatchObject({ status: 'FAILURE' })
    expect(told).toContainEqual(['rejected', id, false])
  }
})

test.each(['id', 'task', 'group', 'root_id', 'parent_id'])(
  'half of a surrogate pair in the header %s, which no result store takes, is refused before anything runs',
  async (name) => {
    const broker = handBroker()
    const { log, lines } = recordLog()
    const app = createApp({ broker, log, results: await demandingResults() })
    const { events, told } = recordEvents()
    let runs = 0
    task(app, 'known', () => ++runs, { ack: 'late' })
    await startWorker(app, { events })
    const delivery = handDelivery({ ...ok, [name]: 'half \ud800' }, { redelivered: true })
    broker.deliver(delivery)
    await until(() => delivery.settled.length > 0)
    expect([delivery.settled, runs]).toEqual([['discard'], 0])
    expect((await lettersOf(app)).map(({ reason, error }) => [reason, error.message])).toEqual([
      ['undecodable', `The header ${name} holds half of a surrogate pair`],
    ])
    expect(lines.filter(({ level }) => level === 'error').map(({ message }) => message)).toEqual([
      'a message is refused',
    ])
    expect(JSON.stringify(told)).not.toContain('ud800')
  },
)

test('a task that nobody knows fails as NotRegistered, and its errback hears of it', async () => {
  const app = createApp()
  const heard: unknown[] = []
  task(app, 'errback', ({ id }) => heard.push(id), { params: ['id'] })
  await startWorker(app)
  const linkError = {
    task: 'errback',
    args: [],
    kwargs: {},
    options: {},
    subtask_type: null,
    immutable: false,
  }
  const result = await app.send('no.such.task', {}, { linkError })
  await expect(result.get()).rejects.toMatchObject({ type: 'NotRegistered', args: ['no.such.task'] })
  await until(() => heard.length === 1)
  expect(heard).toEqual([result.id])
  expect((await lettersOf(app)).map(({ reason, task }) => [reason, task])).toEqual([
    ['unknown_task', 'no.such.task'],
  ])
})

test('what a message says of its sender cannot end the worker', async () => {
  const app = createApp()
  task(app, 'known', () => 'still here')
  await startWorker(app)
  const broker = await app.broker()
  const odd = [null, 7, [], {}, 'x'.repeat(500)]
  for (const value of odd) {
    for (const name of [
      'id',
      'task',
      'eta',
      'expires',
      'timelimit',
      'retries',
      'task_history',
      'traceparent',
      'stamps',
    ]) {
      await broker.publish(wire('[[], {}, null]', { ...ok, [name]: value }), {
        exchange: '',
        routingKey: 'celery',
      })
    }
  }
  expect(await (await app.send('known')).get()).toBe('still here')
  await until(async () => (await depthOf(app)) === 0)
})

test('the failure of a task that nobody here knows says what that of any other does', async () => {
  const broker = handBroker()
  const app = createApp({ broker, extendedResults: true })
  await startWorker(app, { hostname: 'w1@test' })
  const headers = { id: 't1', task: 'unknown', group: 'g1', parent_id: 'p1' }
  broker.deliver(handDelivery(headers, { args: [1], kwargs: { n: 2 } }))
  await until(async () => (await metaOf(app, 't1')) !== undefined)
  expect(await metaOf(app, 't1')).toMatchObject({
    status: 'FAILURE',
    group_id: 'g1',
    parent_id: 'p1',
    name: 'unknown',
    args: [1],
    kwargs: { n: 2 },
    worker: 'w1@test',
    retries: 0,
    queue: 'celery',
  })
})
