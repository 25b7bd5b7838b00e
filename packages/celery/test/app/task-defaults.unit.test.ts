import { describe, expect, it, onTestFinished } from 'vitest'
import type { CeleryOptions } from '../../src/app/celery-options.ts'
import { chain, chord, group, map } from '../../src/canvas/build.ts'
import { createCelery } from '../../src/create-celery.ts'
import type { TaskHeaders } from '../../src/protocol/message.ts'
import { TaskProfiles } from '../../src/worker/task-profile.ts'

/** An app that notes the headers of what it sends. */
function createApp(taskDefaults: Required<CeleryOptions>['taskDefaults'] = {}) {
  const sent: TaskHeaders[] = []
  const app = createCelery({ broker: 'memory:', results: 'memory:', taskDefaults })
  onTestFinished(() => app.close())
  const publish = app.publishTask.bind(app)
  app.publishTask = async (message, ...rest) => {
    sent.push(message.headers)
    await publish(message, ...rest)
  }
  return { app, sent }
}

const limits = { timeLimit: 5, softTimeLimit: 4 }

describe('taskDefaults', () => {
  it('are carried by messages of tasks of this app, unless these say otherwise', async () => {
    const { app, sent } = createApp({ ...limits, ignoreResult: true })
    const plain = app.task({ name: 'plain', params: ['n'], run: ({ n }: { n: number }) => n })
    const own = app.task({ name: 'own', timeLimit: 9, softTimeLimit: 8, ignoreResult: false, run: () => 1 })
    await plain.send({ n: 1 })
    await own.send({})
    await app.send('own', {}, { timeLimit: 7, softTimeLimit: 6, ignoreResult: true })
    await map(plain, [1]).send()
    expect(sent.map(({ timelimit, ignore_result }) => [timelimit, ignore_result])).toEqual([
      [[5, 4], true],
      [[9, 8], false],
      [[7, 6], true],
      [[5, 4], true],
    ])
  })

  it('hold for a task that leaves an option undefined, as it is sent and as it is run', async () => {
    const { app, sent } = createApp({ ...limits, ignoreResult: true, ack: 'late' })
    const unsaid: object = {
      timeLimit: undefined,
      softTimeLimit: undefined,
      ignoreResult: undefined,
      ack: undefined,
    }
    const task = app.task({ name: 'unsaid', ...unsaid, run: () => 1 })
    await task.send({})
    expect(sent).toMatchObject([{ timelimit: [5, 4], ignore_result: true }])
    expect(new TaskProfiles(app).get('unsaid')).toMatchObject({ ...limits, ignoreResult: true, isLate: true })
  })

  it('are nothing to tasks that live elsewhere, whose workers have their own', async () => {
    const { app, sent } = createApp({ ...limits, ignoreResult: true })
    const remote = app.remote<unknown[]>({ name: 'python.long' })
    await remote.send([])
    await app.send('python.long')
    await remote.signature().send()
    await chain(remote.signature(), remote.signature()).send()
    await map(remote, [[1]]).send()
    expect(sent).toHaveLength(5)
    for (const headers of sent) {
      expect(headers).toMatchObject({ timelimit: [null, null], ignore_result: null })
    }
  })

  it("limit none of Celery's own tasks but maps", async () => {
    const { app, sent } = createApp(limits)
    await app.send('celery.accumulate', { args: [1] })
    await app.send('celery.starmap')
    expect(sent.map(({ timelimit }) => timelimit)).toEqual([
      [null, null],
      [5, 4],
    ])
  })
})

describe('a result that is not kept', () => {
  const refused = { code: 'NO_RESULTS' }

  it.each([
    ['the app says so', { ignoreResult: true }, {}],
    ['the task says so', {}, { ignoreResult: true }],
  ])('is not waited for when %s, however the task was sent', async (_, taskDefaults, options) => {
    const { app } = createApp(taskDefaults)
    const quiet = app.task({ name: 'quiet', ...options, run: () => 1 })
    const results = [
      await quiet.send({}),
      await quiet.signature().send(),
      await app.send('quiet'),
      await app.apply(app.signature('quiet')),
    ]
    for (const result of results) await expect(result.get({ timeout: 1 })).rejects.toMatchObject(refused)
  })

  it('is not waited for at the end of a canvas either', async () => {
    const { app } = createApp()
    const quiet = app.task({
      name: 'quiet',
      params: ['n?'],
      ignoreResult: true,
      run: (_: { n?: number }) => 1,
    })
    const loud = app.task({ name: 'loud', params: ['n?'], run: (_: { n?: number }) => 1 })
    const muted = loud.si({}, { ignoreResult: true })
    for (const canvas of [
      chain(loud.si(), quiet.si()),
      chain(loud.si(), muted),
      chain(loud.si(), chord([loud.si()], quiet.si())),
      chord([loud.si(), loud.si()], chain(loud.si(), muted)),
      group(muted, quiet.si()),
      chain(loud.si(), group(loud.si(), quiet.si())),
    ]) {
      const result = await canvas.send()
      await expect(result.get({ timeout: 1 })).rejects.toMatchObject(refused)
    }
    const result = await chain(quiet.si(), quiet.si({}, { ignoreResult: false })).send()
    await expect(result.get({ timeout: 0 })).rejects.toMatchObject({ code: 'TIMEOUT' })
    await expect(result.parent?.get({ timeout: 1 })).rejects.toMatchObject(refused)
  })

  it('is waited for when the call asks for it', async () => {
    const { app } = createApp({ ignoreResult: true })
    const quiet = app.task({ name: 'quiet', run: () => 1 })
    for (const result of [
      await quiet.send({}, { ignoreResult: false }),
      await quiet.signature().set({ ignoreResult: false }).send(),
      await app.send('quiet', {}, { ignoreResult: false }),
      await app.send('elsewhere'),
    ]) {
      await expect(result.get({ timeout: 0 })).rejects.toMatchObject({ code: 'TIMEOUT' })
    }
  })
})
