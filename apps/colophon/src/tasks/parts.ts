import {
  type Celery,
  createBeat,
  createPostgresSchedules,
  createWorker,
  type WorkerMetrics,
  type WorkerTracer,
} from '@colophon/celery'
import { mailsAtOnce, mailsQueue, paymentsQueue } from '@colophon/orders'
import { createRelay, type Database, type Relay } from '@colophon/postgres'
import type { Logger } from '@colophon/runtime'
import { taskQueues } from './app.ts'
import type { Startable } from './patiently.ts'
import { createPublisher, isBrokerAway, isUnpublishable } from './publish.ts'
import { schedule } from './schedule.ts'

/** Whose outbox it is. */
const ordersSchema = 'orders'

/** Seconds that what runs may take to end when the worker stops: then it goes back to its queue. */
const warmStopSeconds = 8

/**
 * Milliseconds until a message counts as one that cannot be sent: longer than the ten seconds and some that a send takes
 * to say that its broker is away, which is not the message's fault.
 */
const publishMs = 25_000

export interface WorkerPartOptions {
  /** Tasks at once, and payments at once, beside mails. */
  concurrency: number
  /** Whether it answers Flower and `celery inspect`: of use on brokers that those reach. */
  control: boolean
  metrics?: WorkerMetrics
  tracer?: WorkerTracer
}

/** What Flower and `celery inspect` call a worker: a host may have several processes, and they tell them apart by it. */
const nameOf = (what: string) => `${what}-${process.pid}@%h`

/**
 * Works on the tasks of the app: a worker for mails, one for what asks the payment provider, and one for all else. So a
 * mail server that answers nothing holds the places of mails only, and a slow provider those of payments.
 */
export function workerPart(app: Celery, options: WorkerPartOptions): Startable {
  const mails = { concurrency: mailsAtOnce, queues: [mailsQueue], hostname: nameOf('colophon-mails') }
  const workers = [
    createWorker(app, { ...options, queues: taskQueues, hostname: nameOf('colophon') }),
    createWorker(app, { ...options, queues: [paymentsQueue], hostname: nameOf('colophon-payments') }),
    createWorker(app, { ...options, ...mails }),
  ]
  return {
    name: 'worker',
    start: async () => void (await Promise.all(workers.map((worker) => worker.start()))),
    stop: async () =>
      void (await Promise.all(workers.map((worker) => worker.stop({ timeout: warmStopSeconds })))),
  }
}

/** Sends tasks by the clock; of any number of processes one sends each. */
export function beatPart(app: Celery, databaseUrl: string, log: Logger): Startable {
  const store = createPostgresSchedules(databaseUrl, { log })
  const beat = createBeat(app, { entries: schedule, store })
  return {
    name: 'beat',
    start: () => beat.start(),
    async stop() {
      await beat.stop()
      await store.close()
    },
  }
}

/** Sends to the broker what the orders service has written into its outbox. */
export function ordersRelay(
  app: Celery,
  database: Database,
  log: Logger,
  publish = createPublisher(app, ordersSchema),
): Relay {
  return createRelay({
    database,
    schema: ordersSchema,
    publish,
    publishMs,
    isUnavailable: isBrokerAway,
    isUnpublishable,
    log,
  })
}
