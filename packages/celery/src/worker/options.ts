import { availableParallelism, hostname } from 'node:os'
import type { AppCore } from '../app/app-core.ts'
import { queueDeclaration } from '../app/queue-check.ts'
import { type DeathReason, deathReasons } from '../brokers/dead-letter-store.ts'
import type { QueueDeclaration } from '../brokers/port.ts'
import { bad, type Check, type Checks } from '../options/check.ts'
import {
  callback,
  either,
  flag,
  having,
  listOf,
  options,
  positive,
  seconds,
  text,
  wholeFrom,
} from '../options/kinds.ts'
import type { WorkerEventsFactory, WorkerService } from './events.ts'
import type { WorkerMetrics } from './metrics.ts'
import type { WorkerTracer } from './trace.ts'

/** How a worker works. Durations in seconds. */
export interface WorkerOptions {
  /** The queues it serves, by name or declared; the app's queues and its default queue when absent. */
  queues?: readonly (string | QueueDeclaration)[]
  /**
   * How many tasks run at once on the event loop: 16 for each core when absent, as tasks there mostly wait. What
   * computes belongs on threads, which are counted apart. The next one begins while the result of the last is stored,
   * which may be so with `prefetchMultiplier` times as many.
   */
  concurrency?: number
  /**
   * Messages in hand of each queue, for each task that can run at once: 4 when absent, as in Celery; 0 is no limit. With
   * three queues that is twelve, so that none keeps another from being served.
   */
  prefetchMultiplier?: number
  /** How many tasks run on threads at once: the number of cores when absent. */
  threads?: number
  /**
   * URL of the module that exports the app (`import.meta.url` in it): threads load it. It must not start a worker.
   * Needed for tasks with `runOn: 'thread'`; those with a `timeLimit` run on one when it is given. The start tries it.
   */
  module?: string | URL
  /** MiB of memory that a thread may take before it is replaced; Node's own limit when absent. */
  threadMemory?: number
  /** `celery@%h` when absent: `%h` is the host's name, `%n` the part before its first dot, `%d` the part after. */
  hostname?: string
  /**
   * How often a task may be begun that its worker never finishes, or that goes back by `reject({ requeue: true })`,
   * before it is a dead letter: 5 when absent.
   */
  maxDeliveries?: number
  /** Which reasons make a dead letter: all when absent. */
  deadLetters?: boolean | Partial<Record<DeathReason, boolean>>
  /** With `ack: 'late'`, whether a task whose thread dies goes back to its queue: true when absent. */
  rejectOnWorkerLost?: boolean
  /**
   * Hold what is not due yet in this process, unacknowledged, as Python does, instead of parking it at the broker.
   * On RabbitMQ, its `consumer_timeout` then ends the connection when something is held for too long.
   */
  holdEta?: boolean
  /** Seconds that a cold stop lets tasks go on before they are cut off: 0 when absent. */
  softShutdownTimeout?: number
  /** Seconds between looks for queues that have work and no consumer: 60 when absent, 0 is never. */
  watchQueues?: number
  events?: WorkerEventsFactory
  /** What lives as long as the worker, such as remote control. */
  services?: readonly WorkerService[]
  metrics?: WorkerMetrics
  tracer?: WorkerTracer
  /** For tests: in place of `Math.random`. */
  random?(): number
}

/** The options with their defaults. */
export interface Settings {
  queues: QueueDeclaration[]
  concurrency: number
  prefetchMultiplier: number
  threads: number
  module: string | undefined
  threadMemory: number | undefined
  hostname: string
  maxDeliveries: number
  isDeadLetter(reason: DeathReason): boolean
  rejectOnWorkerLost: boolean
  holdEta: boolean
  softShutdownTimeout: number
  watchQueues: number
  random(): number
}

const moduleUrl: Check = {
  expected: 'a file: URL, such as import.meta.url',
  fits: (value) => (typeof value === 'string' || value instanceof URL) && /^file:/.test(String(value)),
}

const reasons = Object.fromEntries(deathReasons.map((reason) => [reason, flag])) as Record<DeathReason, Check>

export const workerChecks: Checks<WorkerOptions> = {
  queues: listOf(either(text, queueDeclaration)),
  concurrency: wholeFrom(1),
  prefetchMultiplier: wholeFrom(0),
  threads: wholeFrom(1),
  module: moduleUrl,
  threadMemory: positive,
  hostname: text,
  maxDeliveries: wholeFrom(1),
  deadLetters: either(flag, options(reasons)),
  rejectOnWorkerLost: flag,
  holdEta: flag,
  softShutdownTimeout: seconds,
  watchQueues: seconds,
  events: callback,
  services: listOf(callback),
  metrics: having('what prometheusMetrics() gives, or the like', 'bind', 'started', 'finished'),
  tracer: having('a tracer with begin', 'begin'),
  random: callback,
}

/**
 * Of options that were checked by `workerChecks`.
 * @throws CeleryError `BAD_OPTION` when no queue is left
 */
export function settingsOf(app: AppCore, given: WorkerOptions): Settings {
  const cores = availableParallelism()
  return {
    queues: queuesOf(app, given),
    concurrency: given.concurrency ?? 16 * cores,
    prefetchMultiplier: given.prefetchMultiplier ?? 4,
    threads: given.threads ?? cores,
    module: given.module === undefined ? undefined : String(given.module),
    threadMemory: given.threadMemory,
    hostname: nodeName(given.hostname ?? 'celery@%h', hostname()),
    maxDeliveries: given.maxDeliveries ?? 5,
    isDeadLetter: (reason) => isDeadLetter(given.deadLetters, reason),
    rejectOnWorkerLost: given.rejectOnWorkerLost ?? true,
    holdEta: given.holdEta ?? false,
    softShutdownTimeout: given.softShutdownTimeout ?? 0,
    watchQueues: given.watchQueues ?? 60,
    random: given.random ?? Math.random,
  }
}

/** Celery's node name: `%h`, `%n` and `%d` are the host's; a name without `@` is one on this host. */
export function nodeName(pattern: string, host: string): string {
  const [name = host, ...domain] = host.split('.')
  const values: Record<string, string> = { h: host, n: name, d: domain.join('.'), '%': '%' }
  const expanded = pattern.replace(/%([hnd%])/g, (_, letter: string) => values[letter] ?? '')
  return expanded.includes('@') ? expanded : `${expanded}@${host}`
}

function queuesOf(app: AppCore, { queues }: WorkerOptions): QueueDeclaration[] {
  const { defaultQueue } = app.options
  const given = queues ?? [...app.options.queues, defaultQueue]
  const byName = new Map<string, QueueDeclaration>()
  for (const queue of given) {
    const declaration = typeof queue === 'string' ? app.queue(queue) : queue
    if (!byName.has(declaration.name)) byName.set(declaration.name, declaration)
  }
  if (byName.size === 0) throw bad('queues', 'is empty: name a queue to serve', 'createWorker')
  return [...byName.values()]
}

function isDeadLetter(which: WorkerOptions['deadLetters'], reason: DeathReason): boolean {
  if (typeof which === 'boolean') return which
  return which?.[reason] ?? true
}
