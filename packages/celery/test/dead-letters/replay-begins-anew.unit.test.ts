import { expect, test } from 'vitest'
import { createDeadLetters } from '../../src/dead-letters/index.ts'
import { createApp, startWorker, task } from '../worker/support.ts'

test('a replayed task has all its retries and losses before it', async () => {
  const app = createApp()
  let isBroken = true
  const runs: unknown[] = []
  const flaky = task(
    app,
    'flaky',
    (_, { id, retries, headers }) => {
      runs.push([id, retries, headers.task_history, headers.replayed_from])
      if (isBroken) throw new Error('not yet')
      return 'done'
    },
    { retry: { max: 1, delay: 0 } },
  )
  await startWorker(app)
  const first = await flaky.send({})
  await expect(first.get({ timeout: 5 })).rejects.toThrow('not yet')
  const letters = createDeadLetters(app)
  const [letter] = (await letters.list()).letters
  expect(letter?.message.headers.task_history).toHaveLength(1)

  isBroken = false
  const replayed = await letters.replay(letter?.id ?? '')
  const again = app.result(replayed?.taskId ?? '')
  expect(await again.get({ timeout: 5 })).toBe('done')
  expect(runs.at(-1)).toEqual([again.id, 0, undefined, first.id])
  expect(await letters.count()).toBe(0)
})

test('one that lost its worker too often is not given up on at once when it is replayed', async () => {
  const app = createApp()
  task(app, 'calm', () => 'done')
  const broker = await app.broker()
  await broker.deadLetters.add({
    id: 'letter',
    reason: 'worker_lost',
    taskId: 'lost',
    task: 'calm',
    queue: 'celery',
    exchange: '',
    routingKey: 'celery',
    diedAt: new Date(0).toISOString(),
    worker: 'w@host',
    error: { type: 'WorkerLostError', message: 'lost', traceback: undefined },
    history: [],
    message: {
      headers: { lang: 'js', task: 'calm', id: 'lost', root_id: 'lost', task_losses: 5 },
      properties: { contentType: 'application/json', contentEncoding: 'utf-8' },
      body: Buffer.from('[[], {}, {}]'),
    },
  })
  await startWorker(app)
  const replayed = await createDeadLetters(app).replay('letter')
  expect(await app.result(replayed?.taskId ?? '').get({ timeout: 5 })).toBe('done')
})
