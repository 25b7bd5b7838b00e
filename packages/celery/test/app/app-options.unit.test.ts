import { expect, it, onTestFinished } from 'vitest'
import type { CeleryOptions } from '../../src/app/celery-options.ts'
import { createCelery } from '../../src/create-celery.ts'
import { createWorker, type WorkerOptions } from '../../src/create-worker.ts'
import { refused } from './support/refused.ts'

it.each<[string, object]>([
  ['broker of createCelery is missing', { broker: undefined }],
  ['broker', { broker: '' }],
  [
    'broker of createCelery must be a URL or a broker, not an object of class URL',
    { broker: new URL('amqp://u:p@h') },
  ],
  ['brokerr of createCelery is not known: did you mean broker?', { brokerr: 'amqp://' }],
  ['results', { results: '' }],
  ['maxBodySize', { maxBodySize: 0 }],
  ['timeZone', { timeZone: 'Nowhere/Land' }],
  ['queues of createCelery must not have a twice', { queues: [{ name: 'a' }, { name: 'a' }] }],
  ['queues[0].argument of createCelery is not known', { queues: [{ name: 'a', argument: {} }] }],
  ['queues[0].exchange.type', { queues: [{ name: 'a', exchange: { name: 'b', type: 'headers' } }] }],
  ['routes[0].queue of createCelery is missing: it must be text', { routes: [{ task: 'a' }] }],
  [
    'routes[0].queu of createCelery is not known: did you mean routes[0].queue?',
    { routes: [{ task: 'a', queu: 'q' }] },
  ],
  ['backend of createCelery is not known: did you mean results?', { backend: 'redis://' }],
  ['result_backend of createCelery is not known: did you mean results?', { result_backend: 'redis://' }],
  ['broker_url of createCelery is not known: did you mean broker?', { broker_url: 'redis://' }],
  [
    "task_acks_late of createCelery is not known: did you mean taskDefaults: { ack: 'late' }?",
    { task_acks_late: true },
  ],
  [
    'task_default_queue of createCelery is not known: did you mean defaultQueue?',
    { task_default_queue: 'q' },
  ],
  ['taskDefaults.ack', { taskDefaults: { ack: 'none' } }],
  [
    'taskDefaults.softTimeLimit of createCelery must not be longer than timeLimit',
    { taskDefaults: { softTimeLimit: 10, timeLimit: 5 } },
  ],
  ['taskDefaults.retry.delay', { taskDefaults: { retry: { delay: -1 } } }],
  ['log', { log: { info() {} } }],
])('an option of an app that makes no sense is refused: %s', (message, given) => {
  expect(() => createCelery({ broker: 'memory:', ...given } as CeleryOptions)).toThrow(refused(message))
})

it.each<[string, object]>([
  ['concurency of createWorker is not known: did you mean concurrency?', { concurency: 4 }],
  ['worker_concurrency of createWorker is not known: did you mean concurrency?', { worker_concurrency: 4 }],
  ['concurrency', { concurrency: 1.5 }],
  ['concurrency of createWorker must be a whole number from 1', { concurrency: 0 }],
  ['queues of createWorker is empty', { queues: [] }],
  ['queues[1]', { queues: ['a', ''] }],
  ['module of createWorker must be a file: URL', { module: './tasks.ts' }],
  ['threadMemory', { threadMemory: -1 }],
  ['deadLetters.retries_exausted of createWorker is not known', { deadLetters: { retries_exausted: false } }],
  ['softShutdownTimeout', { softShutdownTimeout: Number.NaN }],
  ['watchQueues', { watchQueues: '60' }],
  ['metrics', { metrics: {} }],
  ['taskEvent of createWorker is not known: did you mean taskEvents?', { taskEvent: true }],
  ['control', { control: 'no' }],
])('an option of a worker that makes no sense is refused: %s', (message, given) => {
  const app = createCelery({ broker: 'memory:' })
  onTestFinished(() => app.close())
  expect(() => createWorker(app, given as WorkerOptions)).toThrow(refused(new RegExp(escaped(message))))
})

it('a worker without an app is refused', () => {
  const message = 'The option app of createWorker must be an app, as createCelery gives, not undefined'
  expect(() => createWorker(undefined as never)).toThrow(refused(message))
  expect(() => createWorker({ concurrency: 4 } as never)).toThrow(
    refused('app of createWorker must be an app'),
  )
})

function escaped(message: string): string {
  return message.replaceAll(/[[\].?]/g, '\\$&')
}
