import { expect, test } from 'vitest'
import type { TaskContext } from '../../src/app/task.ts'
import { CeleryError, TaskError } from '../../src/errors.ts'
import {
  createApp,
  demandingResults,
  handBroker,
  handDelivery,
  lettersOf,
  metaOf,
  startWorker,
  task,
  until,
} from './support.ts'

/** Runs a task whose queue is gone by the time it ends; resolves to what was kept of it. */
async function runWithoutQueue(run: (context: TaskContext) => unknown) {
  const broker = handBroker()
  const app = createApp({ broker })
  const publish = broker.publish
  task(
    app,
    'last',
    (_, context) => {
      broker.publish = async () => {
        throw new CeleryError('UNROUTABLE', 'There is no queue celery.')
      }
      return run(context)
    },
    { retry: { max: 3, delay: 0 } },
  )
  await startWorker(app)
  const { id } = await app.send('last')
  await until(async () => (await lettersOf(app)).length > 0, 'the dead letter')
  await until(async () => (await metaOf(app, id))?.status === 'FAILURE', 'the failure')
  broker.publish = publish
  const [letter] = await lettersOf(app)
  return { meta: await metaOf(app, id), letter, id }
}

const own = new TaskError('ValueError', { args: ['its own'] })

test.each<[string, (context: TaskContext) => unknown]>([
  [
    'that failed',
    () => {
      throw own
    },
  ],
  ['that asks to be tried again', ({ retry }) => retry({ cause: own })],
])('a task %s fails with what it raised when its queue is gone, and is a dead letter', async (_, run) => {
  const { meta, letter, id } = await runWithoutQueue(run)
  expect(meta?.result).toMatchObject({ exc_type: 'ValueError', exc_message: ['its own'] })
  expect(letter).toMatchObject({ taskId: id, reason: 'retries_exhausted', error: { type: 'ValueError' } })
})

test('a task that rejects itself into a queue that is gone is rejected for good', async () => {
  const { meta, letter, id } = await runWithoutQueue(({ reject }) =>
    reject({ requeue: true, reason: 'busy' }),
  )
  expect(meta?.result).toMatchObject({ exc_type: 'Reject' })
  expect(letter).toMatchObject({ taskId: id, reason: 'rejected' })
})

test('what comes again while a rejected task ends for want of its queue is not run beside it', async () => {
  const broker = handBroker()
  const results = await demandingResults()
  const app = createApp({ broker, results })
  let runs = 0
  task(
    app,
    'late',
    (_, { reject }) => {
      runs += 1
      return reject({ requeue: true, reason: 'busy' })
    },
    { ack: 'late' },
  )
  await startWorker(app)
  const stored = Promise.withResolvers<void>()
  results.store = () => {
    delivery.isLost = true
    broker.deliver(again)
    return stored.promise
  }
  const delivery = handDelivery({ task: 'late', id: 'one' })
  const again = handDelivery({ task: 'late', id: 'one' }, { redelivered: true })
  delivery.delay = again.delay = async () => {
    throw new CeleryError('UNROUTABLE', 'There is no queue celery.')
  }
  broker.deliver(delivery)
  await until(() => delivery.isLost, 'the failure to be stored')
  stored.resolve()
  await until(() => again.settled.length > 0, 'the second to be settled')
  expect(again.settled).toEqual(['discard'])
  expect(runs).toBe(1)
})
