import { randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { AppCore } from '../../src/app/app-core.ts'
import type { CeleryOptions } from '../../src/app/celery-options.ts'
import { runAsTask } from '../../src/app/current-task.ts'
import { afterFailure, afterSuccess } from '../../src/canvas/after-task.ts'
import { chord, group } from '../../src/canvas/build.ts'
import { CeleryError } from '../../src/errors.ts'
import type { TaskMessage } from '../../src/protocol/message.ts'
import { createMemoryResults } from '../../src/results/memory/index.ts'
import type { ResultStore } from '../../src/results/port.ts'
import { createTasks, startWorker, type Tasks, until } from './support/tasks.ts'

interface Attempt {
  id: string
  task: string
  isSent: boolean
}

/** An app whose queue `full` takes nothing for so many attempts, as RabbitMQ's `reject-publish` does. */
function createFullQueue(refusals: number, options: Partial<CeleryOptions> = {}) {
  const tasks = createTasks(options)
  const attempts: Attempt[] = []
  let left = refusals
  const publish = tasks.app.publishTask.bind(tasks.app)
  tasks.app.publishTask = async (message, to, how) => {
    const isSent = to?.queue !== 'full' || left-- <= 0
    attempts.push({ id: message.headers.id, task: message.headers.task, isSent })
    if (!isSent) throw new CeleryError('BROKER_UNAVAILABLE', 'the queue is full')
    await publish(message, { ...to, queue: 'celery' }, how)
  }
  return { ...tasks, attempts }
}

/** How often each of the tasks was sent, those of the queue that was full under one id. */
function sentOnce(attempts: Attempt[], ...names: string[]) {
  for (const name of names) {
    const own = attempts.filter(({ task }) => task === name)
    expect([name, own.filter(({ isSent }) => isSent).length]).toEqual([name, 1])
    expect(new Set(own.map(({ id }) => id)).size).toBe(1)
  }
}

/** A store that fails once at each of these. */
function failingOnce(...names: ('store' | 'addChordPart' | 'forgetChord')[]): ResultStore {
  const store = createMemoryResults(`memory:${randomUUID()}`)
  for (const name of names) {
    const own = store[name].bind(store) as (...args: unknown[]) => Promise<never>
    let hasFailed = false
    store[name] = async (...args: unknown[]) => {
      if (hasFailed) return await own(...args)
      hasFailed = true
      throw new CeleryError('RESULTS_UNAVAILABLE', 'the store is down')
    }
  }
  return store
}

const full = { queue: 'full' }

describe('what follows a task is sent once', () => {
  it('though one of its callbacks cannot be sent for a while, which keeps its id', async () => {
    const { app, attempts, echo, notes, note } = createFullQueue(2)
    app.task({ name: 'mail', params: ['...args'], run: () => 1 })
    app.task({ name: 'stuck', params: ['...args'], run: () => 1 })
    app.task({ name: 'member', params: ['...args'], run: () => 1 })
    app.task({ name: 'stuck member', params: ['...args'], run: () => 1 })
    await startWorker(app)
    const members = group(app.signature('member'), app.signature('stuck member', {}, full))
    const link = [app.signature('mail'), app.signature('stuck', {}, full), members, note.signature()]
    const result = await echo.send(['a'], { link })
    await result.get({ timeout: 10 })
    await until(() => notes.length > 0, 'the callback')
    expect(notes).toEqual([['a']])
    sentOnce(attempts, 'mail', 'stuck', 'member', 'stuck member', 'note')
    const children = (await result.children()).map(({ id }) => id)
    const idOf = (name: string) => attempts.find(({ task }) => task === name)?.id
    expect(children).toEqual([idOf('mail'), idOf('stuck'), expect.any(String), idOf('note')])
  })

  it('though its result cannot be kept, nor its part of a chord handed in, for a while', async () => {
    const results = failingOnce('store', 'addChordPart', 'forgetChord')
    const { app, attempts, add, sum, note } = createFullQueue(0, { results })
    await startWorker(app)
    const part = add.signature([1]).link(note.signature()).set({ ignoreResult: true })
    const result = await chord([part], sum.signature()).send()
    expect(await result.get({ timeout: 10 })).toBe(1)
    sentOnce(attempts, 'note', 'sum')
  })

  it('though a part of what takes its place cannot be sent for a while', async () => {
    const { app, attempts, add } = createFullQueue(2)
    app.task({ name: 'stuck', params: ['x'], run: ({ x }) => x })
    app.task({
      name: 'replaced',
      run: (_, context) =>
        context.replace(group(add.signature([1, 2]), app.signature('stuck', { args: [4] }, full))),
    })
    await startWorker(app)
    const result = await app.send('replaced')
    expect(await result.get({ timeout: 10 })).toEqual([3, 4])
    sentOnce(attempts, 'add', 'stuck')
  })

  it('though one of its errbacks cannot be sent for a while', async () => {
    const { app, attempts, fail, note } = createFullQueue(2)
    app.task({ name: 'stuck', params: ['...args'], run: () => 1 })
    await startWorker(app)
    await fail.send([], { linkError: [note.signature(), app.signature('stuck', {}, full)] })
    await until(() => attempts.some(({ task, isSent }) => task === 'stuck' && isSent), 'the last errback')
    sentOnce(attempts, 'note', 'stuck')
  })

  it('though those that hear of a failed header cannot for a while', async () => {
    const { app, attempts, fail, sum, note } = createFullQueue(2, { results: failingOnce('forgetChord') })
    app.task({ name: 'stuck', params: ['...args'], run: () => 1 })
    await startWorker(app)
    const body = sum
      .signature()
      .linkError(note.signature())
      .linkError(app.signature('stuck', {}, full))
    const result = await chord([fail.signature()], body).send()
    await expect(result.get({ timeout: 10 })).rejects.toMatchObject({ type: 'ChordError' })
    sentOnce(attempts, 'note', 'stuck')
  })
})

describe('callbacks and errbacks', () => {
  /** A message of a task with so many of each, and how many of them are sent at a time. */
  async function createMany({ app, sent, add, note }: Tasks, count: number) {
    const many = Array.from({ length: count }, (_, index) => note.signature([index]))
    await add.send([1], { link: many, linkError: many })
    const [message] = sent.splice(0) as [TaskMessage]
    const seen = { most: 0, now: 0 }
    const publish = app.publishTask.bind(app)
    app.publishTask = async (...args) => {
      seen.now += 1
      seen.most = Math.max(seen.most, seen.now)
      await publish(...args)
      seen.now -= 1
    }
    return { message, seen }
  }

  it.each<[string, (app: AppCore, message: TaskMessage) => Promise<void>]>([
    ['callbacks', (app, message) => afterSuccess(app, message, 1, async () => {})],
    [
      'errbacks',
      (app, message) => {
        const exception = { exc_type: 'ValueError', exc_message: [], exc_module: 'builtins' }
        return afterFailure(app, message, { state: 'FAILURE', exception, traceback: null })
      },
    ],
  ])('that are %s are sent together, a hundred at a time', async (_, follow) => {
    const tasks = createTasks()
    const { message, seen } = await createMany(tasks, 1_000)
    await follow(tasks.app, message)
    expect(tasks.sent.map(({ args }) => args[1])).toEqual(Array.from({ length: 1_000 }, (__, index) => index))
    expect(seen.most).toBe(100)
  })

  it('are children of their task in the order it has them in, whichever is sent first', async () => {
    const tasks = createTasks()
    const { app, note } = tasks
    await tasks.add.send([1], { link: [note.signature(['slow']), note.signature(['fast'])] })
    const [message] = tasks.sent.splice(0) as [TaskMessage]
    const publish = app.publishTask.bind(app)
    const fast = Promise.withResolvers<void>()
    app.publishTask = async (...args) => {
      const isSlow = args[0].args.includes('slow')
      if (isSlow) await fast.promise
      await publish(...args)
      if (!isSlow) fast.resolve()
    }
    const current = { id: message.headers.id, rootId: 'r', headers: {}, children: [] as unknown[] }
    await runAsTask(current, () => afterSuccess(app, message, 1, async () => {}))
    const [first, second] = tasks.sent.toSorted((a) => (a.args.includes('slow') ? -1 : 1))
    expect(current.children).toEqual([
      [[first?.headers.id, null], null],
      [[second?.headers.id, null], null],
    ])
  })
})
