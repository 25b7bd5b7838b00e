import type { Broker, PublishOptions, QueueDeclaration } from '../brokers/port.ts'
import type { LamportClock } from '../events/clock.ts'
import type { TaskMessage } from '../protocol/message.ts'
import type { ResultStore } from '../results/port.ts'
import type { CeleryOptions } from './celery-options.ts'
import type { AnyTaskDefinition } from './task.ts'

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
