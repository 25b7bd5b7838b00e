import { expect, test, vi } from 'vitest'
import type { DeadLetter } from '../../src/brokers/dead-letter-store.ts'
import { createDeadLetters } from '../../src/dead-letters/index.ts'
import type { Replayed } from '../../src/dead-letters/replay.ts'
import { CeleryError } from '../../src/errors.ts'
import { createApp, depthOf, startWorker, task, until } from '../worker/support.ts'

/** The letter of a task that died long ago. */
function letterOf(id: string, changes: Partial<DeadLetter> = {}, headers: object = {}): DeadLetter {
  return {
    id,
    reason: 'retries_exhausted',
    taskId: `task-${id}`,
    task: 'note',
    queue: 'celery',
    exchange: '',
    routingKey: 'celery',
    diedAt: '2026-03-01T00:00:00.000Z',
    worker: 'w@host',
    error: { type: 'ValueError', message: 'deliberate', traceback: undefined },
    history: [],
    message: {
      headers: { lang: 'py', task: 'note', id: `task-${id}`, root_id: `task-${id}`, retries: 0, ...headers },
      properties: {
        contentType: 'application/json',
        contentEncoding: 'utf-8',
        correlationId: `task-${id}`,
        expiration: '1000',
      },
      body: Buffer.from('[[], {}, null]'),
    },
    ...changes,
  }
}

async function createLetters(...letters: DeadLetter[]) {
  const app = createApp()
  const broker = await app.broker()
  for (const letter of letters) await broker.deadLetters.add(letter)
  return { app, broker, letters: createDeadLetters(app) }
}

/** What a replay of all has sent, and what it throws. */
async function replayed(replaying: AsyncIterable<Replayed>): Promise<{ sent: string[]; error: unknown }> {
  const sent: string[] = []
  try {
    for await (const { letter } of replaying) sent.push(letter.id)
  } catch (error) {
    return { sent, error }
  }
  return { sent, error: undefined }
}

test('all that a query finds are dropped, though a page of them may be empty', async () => {
  const { app, broker, letters } = await createLetters(letterOf('a'), letterOf('b'), letterOf('c'))
  const list = broker.deadLetters.list.bind(broker.deadLetters)
  const asked: (string | undefined)[] = []
  vi.spyOn(broker.deadLetters, 'list').mockImplementation(async (query = {}) => {
    asked.push(query.after)
    return query.after === undefined ? { letters: [], next: 'behind' } : list({ limit: 2 })
  })
  expect(await letters.dropAll({ reason: 'retries_exhausted' })).toBe(3)
  expect(asked.slice(0, 2)).toEqual([undefined, 'behind'])
  expect(await letters.count()).toBe(0)
  await app.close()
})

test('a replayed task goes with why it could not be read, so that what is written of it stays unread', async () => {
  const letter = letterOf('a')
  const unread = { ...letter, message: { ...letter.message, unreadable: 'a type that is not known' } }
  const { app, broker, letters } = await createLetters()
  await broker.declare({ name: 'celery' })
  // That of the memory broker, which can read everything, does not keep it.
  vi.spyOn(broker.deadLetters, 'get').mockResolvedValue(unread)
  const publish = vi.spyOn(broker, 'publish')
  await letters.replay('a')
  expect(publish.mock.calls[0]?.[0]).toMatchObject({ unreadable: 'a type that is not known' })
  await app.close()
})

test('a replayed task is a new one that names the old, with nothing of its retries, ETA and expiry', async () => {
  const past = '2026-03-01T00:00:00+00:00'
  const headers = { retries: 3, eta: past, expires: past, root_id: 'root', parent_id: 'parent', tenant: 7 }
  const { app, broker, letters } = await createLetters(letterOf('a', {}, headers))
  await broker.declare({ name: 'celery' })
  const publish = vi.spyOn(broker, 'publish')
  const replayed = await letters.replay('a')
  expect(replayed?.taskId).toMatch(/^[0-9a-f-]{36}$/)
  expect(replayed?.letter.id).toBe('a')
  const [message] = publish.mock.calls[0] ?? []
  expect(message).toMatchObject({
    headers: {
      id: replayed?.taskId,
      root_id: 'root',
      parent_id: 'parent',
      retries: 0,
      eta: null,
      expires: null,
      replayed_from: 'task-a',
      tenant: 7,
    },
    properties: { correlationId: replayed?.taskId },
    body: Buffer.from('[[], {}, null]'),
  })
  expect(message?.properties).not.toHaveProperty('expiration')
  expect([await letters.count(), await depthOf(app)]).toEqual([0, 1])
  expect(await letters.replay('a')).toBeUndefined()
})

test('who replays what another replays too sends it under the same id, and is told so', async () => {
  const { app, broker, letters } = await createLetters(letterOf('a'), letterOf('b'), letterOf('c'))
  await broker.declare({ name: 'celery' })
  const sent: unknown[][] = []
  const publish = broker.publish.bind(broker)
  const bothSent = Promise.withResolvers<void>()
  // Neither removes a letter before both have sent all of them.
  vi.spyOn(broker, 'publish').mockImplementation(async (message, target, options) => {
    await publish(message, target, options)
    sent.push([message.headers.replayed_from, message.headers.id])
    if (sent.length === 6) bothSent.resolve()
    await bothSent.promise
  })
  const replayAll = async () => {
    const replaying = letters.replayAll()
    const ids: unknown[] = []
    let step = await replaying.next()
    for (; !step.done; step = await replaying.next())
      ids.push([`task-${step.value.letter.id}`, step.value.taskId])
    return { ids: ids.toSorted(), gone: step.value }
  }
  const [one, other] = await Promise.all([replayAll(), replayAll()])
  expect(one.ids).toEqual(other.ids)
  expect(new Set(one.ids.map(String)).size).toBe(3)
  expect(new Set(sent.map(String))).toEqual(new Set(one.ids.map(String)))
  expect([one.gone, other.gone].toSorted()).toEqual([0, 3])
  await app.close()
})

test('of one letter it is told whether it was gone already', async () => {
  const { broker, letters } = await createLetters(letterOf('a'), letterOf('b'))
  await broker.declare({ name: 'celery' })
  const publish = broker.publish.bind(broker)
  vi.spyOn(broker, 'publish').mockImplementationOnce(async (...sent) => {
    await publish(...sent)
    await broker.deadLetters.remove(['a'])
  })
  const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
  expect(await letters.replay('a')).toMatchObject({ taskId: expect.stringMatching(uuid), wasGone: true })
  expect(await letters.replay('b')).toMatchObject({ wasGone: false })
})

test('a message without an id goes back just as it came', async () => {
  const { broker, letters } = await createLetters(letterOf('a', { taskId: undefined }))
  await broker.declare({ name: 'celery' })
  const publish = vi.spyOn(broker, 'publish')
  expect(await letters.replay('a')).toMatchObject({ taskId: undefined })
  expect(publish.mock.calls[0]?.[0]).toEqual(letterOf('a').message)
})

test('one without an id that goes back among all has one header more, by which it is left when it dies again', async () => {
  const { broker, letters } = await createLetters(letterOf('a', { taskId: undefined }))
  await broker.declare({ name: 'celery' })
  const publish = vi.spyOn(broker, 'publish')
  await Array.fromAsync(letters.replayAll())
  const { message } = letterOf('a')
  const headers = { ...message.headers, replay_id: expect.any(String) }
  expect(publish.mock.calls[0]?.[0]).toEqual({ ...message, headers })
})

test('a replay goes to a queue that was declared with arguments the app does not know', async () => {
  const { app, broker, letters } = await createLetters(
    letterOf('a', { queue: 'q' }),
    letterOf('b', { queue: 'q' }),
  )
  await broker.declare({ name: 'q', arguments: { 'x-queue-type': 'quorum' } })
  expect(await letters.replay('a')).toMatchObject({ letter: { id: 'a' } })
  expect(await Array.fromAsync(letters.replayAll())).toHaveLength(1)
  expect(await depthOf(app, 'q')).toBe(2)
})

test('one that cannot be sent stays, and those beside it are sent once', async () => {
  const given = ['a', 'b', 'c'].map((id) => letterOf(id, { queue: id === 'b' ? 'gone' : 'celery' }))
  const { app, broker, letters } = await createLetters(...given)
  await broker.declare({ name: 'celery' })
  await expect(letters.replay('b')).rejects.toMatchObject({ code: 'UNROUTABLE' })
  for (let time = 0; time < 2; time += 1) {
    const sent: string[] = []
    const replaying = (async () => {
      for await (const { letter } of letters.replayAll()) sent.push(letter.id)
    })()
    await expect(replaying).rejects.toMatchObject({ code: 'UNROUTABLE' })
    expect(sent).toEqual(time === 0 ? ['a', 'c'] : [])
    expect((await letters.list()).letters.map(({ id }) => id)).toEqual(['b'])
    expect(await depthOf(app)).toBe(2)
  }
})

test('those that cannot be sent keep no page behind them, and are told at the end', async () => {
  const ids = Array.from({ length: 45 }, (_, n) => `l${String(n).padStart(2, '0')}`)
  const given = ids.map((id, n) => letterOf(id, { queue: n < 25 ? 'gone' : 'celery' }))
  const { broker, letters } = await createLetters(...given)
  await broker.declare({ name: 'celery' })
  const list = vi.spyOn(broker.deadLetters, 'list')
  const { sent, error } = await replayed(letters.replayAll({ limit: 10 }))
  expect(sent).toEqual(ids.slice(25))
  expect(error).toMatchObject({
    code: 'UNROUTABLE',
    message: expect.stringMatching(/and are left: 25\n {2}l00 of queue gone: There is no queue gone/),
  })
  expect((error as Error).message.split('\n').slice(-2)).toEqual([
    expect.stringMatching(/^ {2}l09 of queue gone: /),
    '  and 15 more',
  ])
  expect(list.mock.calls.length).toBeLessThan(12)
  expect(await letters.count()).toBe(25)
})

test('a broker that fails ends a replay of all, which says so', async () => {
  const given = ['a', 'b', 'c'].map((id) => letterOf(id, { queue: id === 'b' ? 'gone' : 'celery' }))
  const { app, broker, letters } = await createLetters(...given)
  await broker.declare({ name: 'celery' })
  const publish = broker.publish.bind(broker)
  const publishing = vi.spyOn(broker, 'publish').mockImplementation(async (...sent) => {
    if (sent[0].headers.replayed_from === 'task-c') throw new CeleryError('BROKER_UNAVAILABLE', 'It is away')
    return publish(...sent)
  })
  const { sent, error } = await replayed(letters.replayAll({ limit: 1 }))
  expect(sent).toEqual(['a'])
  expect(error).toMatchObject({ code: 'BROKER_UNAVAILABLE' })
  expect(error).toHaveProperty(
    'message',
    expect.stringMatching(/^It is away\nNo more dead letters were tried\. .* left: 1\n {2}b of queue gone/),
  )
  expect(publishing).toHaveBeenCalledTimes(3)
  await app.close()
})

test('a drop of all that ends early says how many it has dropped', async () => {
  const { broker, letters } = await createLetters(letterOf('a'), letterOf('b'), letterOf('c'))
  const list = broker.deadLetters.list.bind(broker.deadLetters)
  vi.spyOn(broker.deadLetters, 'list').mockImplementation(async (query) => {
    if (query?.after !== undefined) throw new CeleryError('BROKER_UNAVAILABLE', 'It is away')
    return list(query)
  })
  await expect(letters.dropAll({ limit: 2 })).rejects.toMatchObject({
    code: 'BROKER_UNAVAILABLE',
    message: 'After 2 were dropped: It is away',
  })
})

test('all are replayed, page after page, and those that die again are left', async () => {
  const app = createApp()
  const runs: string[] = []
  task(
    app,
    'note',
    (_, { id }) => {
      runs.push(id)
      throw new Error('still broken')
    },
    { retry: { max: 0 } },
  )
  const broker = await app.broker()
  const count = 25
  for (let i = 0; i < count; i += 1) await broker.deadLetters.add(letterOf(`l${i}`))
  await startWorker(app)
  const letters = createDeadLetters(app)
  const replayed = await Array.fromAsync(letters.replayAll({ limit: 10 }))
  expect(new Set(replayed.map(({ letter }) => letter.id)).size).toBe(count)
  await until(async () => (await letters.count()) === count)
  expect(runs.toSorted()).toEqual(replayed.map(({ taskId }) => taskId).toSorted())
})

test('those that die again are left, though the clock of their worker is behind', async () => {
  const { app, broker, letters } = await createLetters(letterOf('a'), letterOf('b', { taskId: undefined }))
  let sent = 0
  vi.spyOn(broker, 'publish').mockImplementation(async (message) => {
    sent += 1
    if (sent > 4) throw new Error('replayed again and again')
    const { id } = message.headers
    await broker.deadLetters.add({ ...letterOf(`again-${sent}`), taskId: id as string | undefined, message })
  })
  for (const time of [1, 2]) {
    expect(await Array.fromAsync(letters.replayAll())).toHaveLength(2)
    expect([sent, await letters.count()]).toEqual([2 * time, 2])
  }
  await app.close()
})

test('the largest pages are asked for', async () => {
  const { broker, letters } = await createLetters()
  const list = vi.spyOn(broker.deadLetters, 'list')
  expect(await Array.fromAsync(letters.replayAll({ task: 'note' }))).toEqual([])
  expect(await letters.dropAll()).toBe(0)
  expect(list.mock.calls).toEqual([[{ limit: 1_000, task: 'note' }], [{ limit: 1_000 }]])
})

test('letters are dropped for good: those named, or all that a query finds', async () => {
  const { letters } = await createLetters(
    letterOf('a'),
    letterOf('b', { task: 'other' }),
    letterOf('c', { queue: 'feeds' }),
    letterOf('d'),
  )
  expect(await letters.drop(['a', 'a', 'nobody'])).toBe(1)
  expect(await letters.get('a')).toBeUndefined()
  expect(await letters.dropAll({ task: 'other' })).toBe(1)
  expect(await letters.dropAll({ queue: 'feeds', task: 'other' })).toBe(0)
  expect(await letters.dropAll({ queue: 'feeds' })).toBe(1)
  expect((await letters.list()).letters.map(({ id }) => id)).toEqual(['d'])
  expect(await letters.dropAll()).toBe(1)
})
