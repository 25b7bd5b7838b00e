import type { Broker, QueueDeclaration } from '../brokers/port.ts'
import type { Log } from '../log.ts'
import type { ResultStore } from '../results/port.ts'
import type { TaskOptions } from './task.ts'

/** Options of `createCelery`. Durations in seconds. */
export interface CeleryOptions {
  /** `amqp://`, `redis://`, `postgres://`, `memory:`, or a broker. */
  broker: string | Broker
  /** `redis://`, `postgres://`, `memory:`, or a store. Without it results are not kept and cannot be waited for. */
  results?: string | ResultStore
  /** `celery` when absent. */
  defaultQueue?: string
  /** Queues that are not just a name: their exchange, key and arguments. */
  queues?: QueueDeclaration[]
  /** Which tasks go to which queue, by name or pattern (`feeds.*`); the first that fits. */
  routes?: Route[]
  /**
   * For every task of this app that does not say otherwise; `queue` and `priority` for those too that it sends and that
   * live elsewhere. Of Celery's own tasks, maps alone have the time limits.
   */
  taskDefaults?: TaskOptions
  /** Seconds that results are kept: 86,400 when absent. */
  resultExpires?: number
  /** Keep name, arguments, worker and queue with each result (Celery's `result_extended`). */
  extendedResults?: boolean
  /** Bytes a body may have, compressed and not: 16 MiB when absent. */
  maxBodySize?: number
  /** Send `task-sent` events. */
  sendEvents?: boolean
  /** IANA name, for crontabs and for times that Python sends without a zone: `UTC` when absent. */
  timeZone?: string
  log?: Log
  /** Overrides for tests. */
  now?(): Date
  newId?(): string
}

/** Where tasks go, by their names; what a task or a call says of its own goes before it. */
export interface Route {
  task: string | RegExp
  queue: string
  priority?: number
}
