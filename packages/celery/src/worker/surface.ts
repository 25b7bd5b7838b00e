import type { AppCore } from '../app/app-core.ts'
import type { Broker, QueueDeclaration } from '../brokers/port.ts'
import type { TaskMessage } from '../protocol/message.ts'

/**
 * What remote control, events and metrics see of a worker and may ask of it. The worker implements it; a test of a
 * control command passes a fake.
 */
export interface WorkerSurface {
  readonly app: AppCore
  readonly broker: Broker
  /** Node name as Celery has it: `celery@web1`. */
  readonly hostname: string
  /** Seconds since its start. */
  readonly uptime: number

  /** Being run now. */
  active(): readonly RequestInfo[]
  /** Taken from the broker and waiting for a free slot or for a rate limit. */
  reserved(): readonly RequestInfo[]
  /** Waiting for their ETA: held here, or parked at the broker by this worker. The newest 1,000. */
  scheduled(): readonly ScheduledInfo[]
  /** How many of each task were received since the start. */
  totals(): Record<string, number>

  readonly concurrency: number
  readonly threads: number
  readonly prefetch: number
  /** Grows or shrinks (negative) how many tasks run at once, never below one; returns the new number. */
  resize(by: number): Promise<number>

  queues(): readonly QueueDeclaration[]
  addQueue(queue: QueueDeclaration): Promise<void>
  /** False when it was not consumed from. */
  cancelQueue(name: string): Promise<boolean>

  /** Ids that are not to be run; the newest 50,000, each for three hours. */
  revoked(): readonly string[]
  /** Adds to these; with `terminate`, aborts those that run. Returns the ids of those that were running. */
  revoke(
    taskIds: readonly string[],
    options: { terminate: boolean; signal: string },
  ): Promise<readonly string[]>
  /** Every task whose header of this name has one of these values, now and later; the newest 50,000, for three hours. */
  revokeByHeaders(
    headers: Record<string, readonly string[]>,
    options: { terminate: boolean; signal: string },
  ): Promise<readonly string[]>

  /** Undefined is none. Throws on a limit that cannot be read. */
  setRateLimit(task: string, limit: string | undefined): void
  rateLimit(task: string): string | undefined
  setTimeLimits(task: string, limits: { hard: number | undefined; soft: number | undefined }): void

  setEvents(enabled: boolean): void
  readonly eventsEnabled: boolean
  /** Warm: what runs is finished. Does not wait for it. */
  shutDown(): void
}

export interface RequestInfo {
  readonly message: TaskMessage
  readonly queue: string
  readonly exchange: string
  readonly routingKey: string
  readonly redelivered: boolean
  readonly receivedAt: Date
  /** Undefined until it runs. */
  readonly startedAt: Date | undefined
  readonly acknowledged: boolean
  /** The process it runs in; threads share the worker's. */
  readonly pid: number
}

export interface ScheduledInfo {
  readonly eta: Date
  readonly request: RequestInfo
}
