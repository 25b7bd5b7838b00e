import { describe, expect, it, onTestFinished } from 'vitest'
import { z } from 'zod'
import type { CeleryOptions } from '../../src/app/celery-options.ts'
import { runAsTask } from '../../src/app/current-task.ts'
import { createMemoryBroker } from '../../src/brokers/memory/index.ts'
import type { Destination, PublishOptions } from '../../src/brokers/port.ts'
import { createCelery } from '../../src/create-celery.ts'
import { decodeTask } from '../../src/protocol/decode-task.ts'
import type { TaskMessage, WireMessage } from '../../src/protocol/message.ts'

const now = new Date('2026-03-01T10:00:00.500Z')

interface Published {
  message: TaskMessage
  wire: WireMessage
  to: Destination
}

/** An app whose broker notes what is published. */
function createApp(options: Partial<CeleryOptions> = {}) {
  const published: Published[] = []
  const broker = createMemoryBroker()
  const publish = broker.publish.bind(broker)
  broker.publish = async (wire: WireMessage, to: Destination, how?: PublishOptions) => {
    published.push({ wire, to, message: decodeTask(wire, { maxBodySize: 1_000_000 }) })
    await publish(wire, to, how)
  }
  const app = createCelery({ broker, now: () => now, ...options })
  onTestFinished(() => app.close())
  const last = () => published.at(-1) as Published
  return { app, published, last }
}

it('names a queue with one declaration, which a broker that declared it knows again', async () => {
  const feeds = { name: 'feeds', arguments: { 'x-max-priority': 9 } }
  const { app, published } = createApp({ queues: [feeds] })
  for (const queue of ['a', 'a', 'feeds', 'feeds']) await app.send('tasks.add', {}, { queue })
  const [first, again, ...own] = published.map(({ to }) => to.declare)
  expect(first).toEqual({ name: 'a' })
  expect(again).toBe(first)
  expect(own).toEqual([feeds, feeds])
  for (const declaration of own) expect(declaration).toBe(feeds)
})

describe('a message', () => {
  it('has the headers and properties of protocol 2', async () => {
    const { app, last } = createApp()
    const result = await app.send('tasks.add', { args: [2], kwargs: { y: 'two' } })
    const { message, to } = last()
    expect(message.headers).toEqual({
      lang: 'py',
      task: 'tasks.add',
      id: result.id,
      shadow: null,
      eta: null,
      expires: null,
      group: null,
      group_index: null,
      retries: 0,
      timelimit: [null, null],
      root_id: result.id,
      parent_id: null,
      argsrepr: '(2,)',
      kwargsrepr: "{'y': 'two'}",
      origin: expect.stringMatching(`^gen${process.pid}@.`),
      replaced_task_nesting: 0,
      stamped_headers: null,
      stamps: {},
    })
    expect(message.properties).toEqual({
      contentType: 'application/json',
      contentEncoding: 'utf-8',
      correlationId: result.id,
      replyTo: app.processId,
      deliveryMode: 2,
      priority: 0,
    })
    expect(message.embed).toEqual({ callbacks: null, errbacks: null, chain: null, chord: null })
    expect(to).toEqual({ exchange: '', routingKey: 'celery', declare: { name: 'celery' } })
  })

  it('has what its options say', async () => {
    const { app, last } = createApp()
    const note = app.signature('tasks.note', { args: [1] })
    await app.send(
      'tasks.add',
      {},
      {
        taskId: 'an-id',
        countdown: 90,
        expires: 120.5,
        priority: 7,
        headers: { tenant: 'north' },
        link: note,
        linkError: [note.toJSON()],
        ignoreResult: true,
        softTimeLimit: 5,
        timeLimit: 10,
        shadow: 'shown',
        groupId: 'a-group',
      },
    )
    const { headers, properties, embed } = last().message
    expect(headers).toMatchObject({
      id: 'an-id',
      eta: '2026-03-01T10:01:30.500+00:00',
      expires: '2026-03-01T10:02:01.000+00:00',
      tenant: 'north',
      ignore_result: true,
      timelimit: [10, 5],
      shadow: 'shown',
      group: 'a-group',
    })
    expect(properties).toMatchObject({ priority: 7, expiration: '120500', correlationId: 'an-id' })
    expect(embed.callbacks).toEqual([note.toJSON()])
    expect(embed.errbacks).toEqual([note.toJSON()])
  })

  it('that has expired already is sent to expire at once', async () => {
    const { app, last } = createApp()
    await app.send('tasks.add', {}, { expires: new Date(now.getTime() - 5_000) })
    expect(last().message.headers.expires).toBe('2026-03-01T09:59:55.500+00:00')
    expect(last().message.properties.expiration).toBe('0')
  })

  it('is compressed when asked', async () => {
    const { app, last } = createApp()
    await app.send('tasks.add', { args: ['a'.repeat(1_000)] }, { compression: 'gzip' })
    expect(last().wire.headers.compression).toBe('application/x-gzip')
    expect(last().wire.body.length).toBeLessThan(500)
    expect(last().message.args).toEqual(['a'.repeat(1_000)])
  })

  it('sent by a task has it for a parent, and its trace', async () => {
    const { app, last } = createApp()
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
    const current = {
      id: 'parent',
      rootId: 'root',
      headers: { traceparent, tracestate: 'a=b' },
      children: [],
    }
    const result = await runAsTask(current, () => app.send('tasks.add'))
    expect(last().message.headers).toMatchObject({
      root_id: 'root',
      parent_id: 'parent',
      traceparent,
      tracestate: 'a=b',
    })
    expect(current.children).toEqual([[[result.id, null], null]])
    await runAsTask(current, () => app.send('tasks.add', {}, { headers: { traceparent: '00-own' } }))
    expect(last().message.headers.traceparent).toBe('00-own')
    expect(last().message.headers.tracestate).toBeUndefined()
  })

  it.each([undefined, 'gzip'] as const)(
    'over maxBodySize is refused, compressed as %s',
    async (compression) => {
      const { app, published } = createApp({ maxBodySize: 1_000 })
      const options = compression && { compression }
      const sent = app.send('tasks.add', { args: ['a'.repeat(2_000)] }, options)
      await expect(sent).rejects.toMatchObject({
        code: 'BAD_VALUE',
        message: expect.stringContaining('maxBodySize'),
      })
      expect(published).toEqual([])
    },
  )

  it('is told to those who watch', async () => {
    const broker = createMemoryBroker()
    await broker.open()
    const told = Promise.withResolvers<unknown>()
    await broker.listen({
      exchange: { name: 'celeryev', type: 'topic' },
      routingKey: 'task.#',
      queue: 'watcher',
      onMessage: ({ body }) => told.resolve(JSON.parse(body.toString())),
    })
    const app = createCelery({ broker, sendEvents: true })
    onTestFinished(() => app.close())
    const { id } = await app.send('tasks.add', { args: [1] }, { queue: 'there' })
    expect([await told.promise].flat()).toMatchObject([
      { type: 'task-sent', uuid: id, name: 'tasks.add', args: '(1,)', queue: 'there', routing_key: 'there' },
    ])
  })
})

describe('a task', () => {
  it('is sent its input by keyword, an array by position', async () => {
    const { app, last } = createApp()
    const add = app.task({
      name: 'tasks.add',
      input: z.object({ x: z.number(), y: z.number() }),
      run: ({ x, y }) => x + y,
    })
    await add.send({ x: 1, y: 2 })
    expect(last().message).toMatchObject({ args: [], kwargs: { x: 1, y: 2 } })
    const remote = app.remote<[number, number], number>({ name: 'py.add', queue: 'python', priority: 3 })
    await remote.send([1, 2], { priority: 4 })
    expect(last().message).toMatchObject({ args: [1, 2], kwargs: {}, properties: { priority: 4 } })
    expect(last().to.routingKey).toBe('python')
    expect(remote.signature([1]).toJSON()).toMatchObject({
      args: [1],
      options: { queue: 'python', priority: 3 },
    })
  })

  it('is defined once', () => {
    const { app } = createApp()
    app.task({ name: 'tasks.add', run: () => 1 })
    expect(() => app.task({ name: 'tasks.add', run: () => 2 })).toThrow(/tasks\.add already/)
    expect(() => app.task({ name: '', run: () => 2 })).toThrow(/name/)
  })

  it('whose result is not kept says so when it is waited for', async () => {
    const { app } = createApp({ results: 'memory:' })
    const result = await app.send('tasks.add', {}, { ignoreResult: true })
    await expect(result.get()).rejects.toMatchObject({ code: 'NO_RESULTS' })
    const without = createApp().app
    await expect(without.result('an-id').state()).rejects.toMatchObject({ code: 'NO_RESULTS' })
    await expect(without.result('an-id').get({ timeout: 1 })).rejects.toMatchObject({ code: 'NO_RESULTS' })
  })
})

describe('an app that is closed', () => {
  it('sends nothing, and those who wait hear of it', async () => {
    const { app } = createApp({ results: 'memory:' })
    const result = await app.send('tasks.add')
    const waiting = result.get()
    await Promise.all([app.close(), expect(waiting).rejects.toMatchObject({ code: 'CLOSED' })])
    await app.close()
    await expect(app.send('tasks.add')).rejects.toMatchObject({ code: 'CLOSED' })
  })
})
