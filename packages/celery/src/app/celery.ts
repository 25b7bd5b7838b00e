import type { Broker, PublishOptions, QueueDeclaration } from '../brokers/port.ts'
import type { LamportClock } from '../events/clock.ts'
import type { Log } from '../log.ts'
import type { TaskMessage } from '../protocol/message.ts'
import type { ResultStore } from '../results/port.ts'
import type { AnyTaskDefinition, TaskOptions } from './task.ts'

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
  /** For every task that does not say otherwise. */
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

export interface Route {
  task: string | RegExp
  queue: string
  priority?: number
}

/** What the rooms of this package ask of the app; what its users see is in `index.ts`. */
export interface AppCore {
  readonly options: Required<Omit<CeleryOptions, 'broker' | 'results'>>
  readonly tasks: ReadonlyMap<string, AnyTaskDefinition>
  readonly clock: LamportClock
  /** A UUID of this process: the `reply_to` of what it sends. */
  readonly processId: string
  /** Opened on first use. */
  broker(): Promise<Broker>
  /** Undefined when the app keeps no results. */
  results(): Promise<ResultStore | undefined>
  /** The queue's declaration: the configured one, or Celery's default for a name. */
  queue(name: string): QueueDeclaration
  /** Encodes and publishes one task message, to where it is routed unless `to` says where. */
  publishTask(message: TaskMessage, to?: PublishTo, options?: PublishOptions): Promise<void>
}

export interface PublishTo {
  queue?: string
  exchange?: string
  routingKey?: string
  compression?: 'gzip' | 'zstd' | 'brotli'
}
