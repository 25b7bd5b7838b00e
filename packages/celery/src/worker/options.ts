import { availableParallelism, hostname } from 'node:os'
import type { AppCore } from '../app/celery.ts'
import type { DeathReason } from '../brokers/dead-letter-store.ts'
import type { QueueDeclaration } from '../brokers/port.ts'
import { CeleryError } from '../errors.ts'
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
  /** Messages taken ahead, for each task that can run at once: 4 when absent, as in Celery; 0 is no limit. */
  prefetchMultiplier?: number
  /** How many tasks run on threads at once: the number of cores when absent. */
  threads?: number
  /**
   * URL of the module that exports the app (`import.meta.url` in it): threads load it. It must not start a worker.
   * Needed for tasks with `runOn: 'thread'`.
   */
  module?: string | URL
  /** MiB of memory that a thread may take before it is replaced; Node's own limit when absent. */
  threadMemory?: number
  /** `celery@%h` when absent: `%h` is the host's name, `%n` the part before its first dot, `%d` the part after. */
  hostname?: string
  /** How often a task may be begun that its worker never finishes, before it is a dead letter: 5 when absent. */
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

/** Throws `BAD_OPTION` with what to change. */
export function settingsOf(app: AppCore, options: WorkerOptions): Settings {
  const cores = availableParallelism()
  return {
    queues: queuesOf(app, options),
    concurrency: count('concurrency', options.concurrency ?? 16 * cores, 1),
    prefetchMultiplier: count('prefetchMultiplier', options.prefetchMultiplier ?? 4, 0),
    threads: count('threads', options.threads ?? cores, 1),
    module: options.module === undefined ? undefined : moduleUrl(options.module),
    threadMemory: options.threadMemory,
    hostname: nodeName(options.hostname ?? 'celery@%h', hostname()),
    maxDeliveries: count('maxDeliveries', options.maxDeliveries ?? 5, 1),
    isDeadLetter: (reason) => isDeadLetter(options.deadLetters, reason),
    rejectOnWorkerLost: options.rejectOnWorkerLost ?? true,
    holdEta: options.holdEta ?? false,
    softShutdownTimeout: options.softShutdownTimeout ?? 0,
    watchQueues: options.watchQueues ?? 60,
    random: options.random ?? Math.random,
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
  if (byName.size === 0) throw new CeleryError('BAD_OPTION', 'queues is empty: name a queue to serve')
  return [...byName.values()]
}

function moduleUrl(module: string | URL): string {
  const text = String(module)
  if (/^file:/.test(text)) return text
  throw new CeleryError('BAD_OPTION', `module must be a file: URL, such as import.meta.url, not "${text}"`)
}

function count(name: string, value: number, least: number): number {
  if (Number.isSafeInteger(value) && value >= least) return value
  throw new CeleryError('BAD_OPTION', `${name} must be a whole number from ${least} on, not ${value}`)
}

function isDeadLetter(which: WorkerOptions['deadLetters'], reason: DeathReason): boolean {
  if (typeof which === 'boolean') return which
  return which?.[reason] ?? true
}
