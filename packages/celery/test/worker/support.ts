import { randomUUID } from 'node:crypto'
import { onTestFinished } from 'vitest'
import type { CeleryOptions } from '../../src/app/celery-options.ts'
import type { AnyTaskDefinition, TaskContext, TaskOptions } from '../../src/app/task.ts'
import { createMemoryBroker } from '../../src/brokers/memory/index.ts'
import type { Broker, ConsumeOptions, Delivery, QueueDeclaration } from '../../src/brokers/port.ts'
import type { Task } from '../../src/canvas/task-handle.ts'
import { type Celery, createCelery } from '../../src/create-celery.ts'
import { CeleryError } from '../../src/errors.ts'
import type { Log } from '../../src/log.ts'
import { encodeMeta } from '../../src/protocol/meta.ts'
import { createMemoryResults } from '../../src/results/memory/index.ts'
import type { ResultStore, TaskMeta } from '../../src/results/port.ts'
import type { WorkerEvents, WorkerEventsFactory } from '../../src/worker/events.ts'
import type { WorkerOptions } from '../../src/worker/options.ts'
import { createWorker, type Worker } from '../../src/worker/worker.ts'

/** An app on a broker and results of its own, closed when the test ends. */
export function createApp(options: Partial<CeleryOptions> = {}): Celery {
  const app = createCelery({ broker: 'memory:', results: 'memory:', ...options })
  onTestFinished(() => app.close())
  return app
}

export async function startWorker(app: Celery, options: WorkerOptions = {}): Promise<Worker> {
  const worker = createWorker(app, options)
  onTestFinished(() => worker.stop({ mode: 'cold' }))
  await worker.start()
  return worker
}

type Args = Record<string, unknown>

/** A task of loose types, for tests. */
export function task(
  app: Celery,
  name: string,
  run: (input: Args, context: TaskContext) => unknown,
  options: TaskOptions & Partial<AnyTaskDefinition> = {},
): Task<Args, unknown> {
  return app.task<Args, unknown>({ ...options, name, run })
}

/** Resolves when the condition holds; rejects when it does not within ten seconds. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what = 'the condition',
): Promise<void> {
  const deadline = Date.now() + 10_000
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`${what} did not come about`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

export interface Line {
  level: keyof Log
  fields: Record<string, unknown>
  message: string
}

export function recordLog(): { log: Log; lines: Line[] } {
  const lines: Line[] = []
  const write = (level: keyof Log) => (fields: object, message: string) => {
    lines.push({ level, fields: fields as Record<string, unknown>, message })
  }
  return {
    log: { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') },
    lines,
  }
}

/** What the worker tells, as `type` and the task's id with what came with it. */
export function recordEvents(): { events: WorkerEventsFactory; told: [string, ...unknown[]][] } {
  const told: [string, ...unknown[]][] = []
  const events: WorkerEvents = {
    enabled: true,
    start: async () => void told.push(['online']),
    stop: async () => void told.push(['offline']),
    received: (request) => told.push(['received', request.message.headers.id]),
    started: (id) => told.push(['started', id]),
    succeeded: (id, result) => told.push(['succeeded', id, result]),
    failed: (id, exception) => told.push(['failed', id, exception.exc_type]),
    retried: (id, exception) => told.push(['retried', id, exception.exc_type]),
    revoked: (id, how) => told.push(['revoked', id, how]),
    rejected: (id, requeue) => told.push(['rejected', id, requeue]),
  }
  return { events: () => events, told }
}

/** The state of a task as it is stored. */
export async function metaOf(app: Celery, id: string) {
  const [meta] = await (await app.store()).get([id])
  return meta
}

export async function depthOf(app: Celery, queue = 'celery'): Promise<number> {
  return (await (await app.broker()).depth(queue))?.messages ?? 0
}

export async function lettersOf(app: Celery) {
  return (await (await app.broker()).deadLetters.list()).letters
}

/** The same object, whose methods can be called on what inherits from it. */
function bound<T extends object>(object: T): T {
  const get = (target: T, name: string | symbol): unknown => {
    const member: unknown = Reflect.get(target, name)
    return typeof member === 'function' ? member.bind(target) : member
  }
  return new Proxy(object, { get })
}

/** A store in memory that takes only what others can write, and fails as often as it is told to. */
export async function demandingResults(): Promise<ResultStore & { failures: number; calls: string[] }> {
  const memory = createMemoryResults(`memory:${randomUUID()}`)
  const demanding = Object.assign(Object.create(bound(memory)) as ResultStore, {
    failures: 0,
    calls: [] as string[],
    async store(meta: TaskMeta): Promise<void> {
      encodeMeta(meta)
      demanding.calls.push(meta.status)
      if (demanding.failures > 0) {
        demanding.failures -= 1
        throw new CeleryError('RESULTS_UNAVAILABLE', 'the store is down')
      }
      await memory.store(meta)
    },
  })
  return demanding
}

/** A broker in memory over which a test also hands out deliveries of its own making. */
export function handBroker(): Broker & { deliver(delivery: Delivery): void } {
  const memory = createMemoryBroker()
  let onDelivery: ((delivery: Delivery) => void) | undefined
  return Object.assign(Object.create(memory) as Broker, {
    deadLetters: memory.deadLetters,
    open: () => memory.open(),
    close: () => memory.close(),
    describe: () => memory.describe(),
    declare: (queue: QueueDeclaration) => memory.declare(queue),
    publish: (...args: Parameters<Broker['publish']>) => memory.publish(...args),
    depth: (queue: string) => memory.depth(queue),
    consume(queue: QueueDeclaration, options: ConsumeOptions) {
      onDelivery = options.onDelivery
      return memory.consume(queue, options)
    },
    deliver(delivery: Delivery) {
      onDelivery?.(delivery)
    },
  })
}

export interface HandDelivery extends Delivery {
  isLost: boolean
  /** How it was settled, in order: the first counts. */
  settled: string[]
  delayed: { until: Date; headers: Record<string, unknown> | undefined } | undefined
}

/** A delivery of a task message made by hand. */
export function handDelivery(
  headers: Record<string, unknown>,
  {
    redelivered = false,
    starts,
    args = [],
    kwargs = {},
  }: { redelivered?: boolean; starts?: number; args?: unknown[]; kwargs?: Record<string, unknown> } = {},
): HandDelivery {
  const settled: string[] = []
  const delivery: HandDelivery = {
    message: {
      headers: { lang: 'py', ...headers },
      properties: { contentType: 'application/json', contentEncoding: 'utf-8' },
      body: Buffer.from(JSON.stringify([args, kwargs, null])),
    },
    queue: 'celery',
    exchange: '',
    routingKey: 'celery',
    redelivered,
    isLost: false,
    settled,
    delayed: undefined,
    countStart: async () => starts,
    ack: async () => void settled.push('ack'),
    async ackFirst() {
      if (!delivery.isLost) settled.push('ack')
      return !delivery.isLost
    },
    requeue: async () => void settled.push('requeue'),
    discard: async () => void settled.push('discard'),
    async delay(until, changed) {
      settled.push('delay')
      delivery.delayed = { until, headers: changed }
    },
  }
  return delivery
}
