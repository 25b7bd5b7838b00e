import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createApp, lettersOf, recordLog, startWorker, task, until } from './support.ts'

test('a soft time limit aborts the signal: what ends for it has failed for it, and may be retried', async () => {
  const app = createApp()
  const wait = async (_input: unknown, { signal }: { signal: AbortSignal }) => {
    await sleep(60_000, undefined, { signal })
  }
  task(app, 'waits', wait, { softTimeLimit: 0.05 })
  task(
    app,
    'heeds',
    (input, context) => wait(input, context).catch(() => `stopped for ${context.signal.reason.type}`),
    {
      softTimeLimit: 0.05,
    },
  )
  task(
    app,
    'fails by itself',
    (input, context) => wait(input, context).catch(() => Promise.reject(new RangeError('mine'))),
    {
      softTimeLimit: 0.05,
    },
  )
  let runs = 0
  task(
    app,
    'retried',
    (input, context) => {
      runs += 1
      return context.retries === 0 ? wait(input, context) : 'second time'
    },
    { retry: { delay: 0 }, softTimeLimit: 0.05 },
  )
  await startWorker(app)
  await expect((await app.send('waits')).get()).rejects.toMatchObject({
    type: 'SoftTimeLimitExceeded',
    module: 'billiard.exceptions',
  })
  expect(await (await app.send('heeds')).get()).toBe('stopped for SoftTimeLimitExceeded')
  await expect((await app.send('fails by itself')).get()).rejects.toMatchObject({
    type: 'ValueError',
    message: 'mine',
  })
  expect(await (await app.send('retried')).get()).toBe('second time')
  expect(runs).toBe(2)
  expect(await lettersOf(app)).toEqual([])
})

test('a hard limit without threads gives the task up, frees its slot and says so; its late end changes nothing', async () => {
  const { log, lines } = recordLog()
  const app = createApp({ log })
  const gate = Promise.withResolvers<void>()
  task(app, 'deaf', async (_input, { progress }) => {
    await gate.promise
    await progress('too late')
    return 'too late'
  })
  task(app, 'next', () => 'ran')
  await startWorker(app, { concurrency: 1 })
  const deaf = await app.send('deaf', {}, { timeLimit: 0.1 })
  await expect(deaf.get()).rejects.toMatchObject({ type: 'TimeLimitExceeded', args: [0.1] })
  expect(await (await app.send('next')).get()).toBe('ran')
  expect(lines.filter(({ message }) => /given up on/.test(message)).map(({ fields }) => fields.id)).toEqual([
    deaf.id,
  ])
  gate.resolve()
  expect(await (await app.send('next')).get()).toBe('ran')
  await expect(deaf.get()).rejects.toMatchObject({ type: 'TimeLimitExceeded' })
})

test('limits that remote control sets hold for what comes, those of a message go before them', async () => {
  const app = createApp()
  task(app, 'waits', async (_input, { signal }) => {
    await sleep(60_000, undefined, { signal })
  })
  const { surface } = await startWorker(app)
  surface.setTimeLimits('waits', { hard: undefined, soft: 0.05 })
  await expect((await app.send('waits')).get()).rejects.toMatchObject({ type: 'SoftTimeLimitExceeded' })
  const longer = await app.send('waits', {}, { softTimeLimit: 60 })
  await until(() => surface.active().length === 1)
  expect(() => surface.setTimeLimits('none', { hard: 1, soft: 1 })).toThrow(/no task named none/)
  await surface.revoke([longer.id], { terminate: true, signal: 'TERM' })
  await expect(longer.get()).rejects.toMatchObject({ message: 'terminated' })
})
