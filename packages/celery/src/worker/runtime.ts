import type { AppCore } from '../app/app-core.ts'
import type { Broker } from '../brokers/port.ts'
import type { Log } from '../log.ts'
import type { ResultStore } from '../results/port.ts'
import type { WorkerEvents } from './events.ts'
import type { WorkerMetrics } from './metrics.ts'
import type { Settings } from './options.ts'
import type { InHand } from './queueing/in-hand.ts'
import type { Parked } from './queueing/parked.ts'
import type { RateLimiter } from './queueing/rate-limiter.ts'
import type { Recent } from './queueing/recent.ts'
import type { Revocations } from './queueing/revocations.ts'
import type { Slots } from './queueing/slots.ts'
import type { RunHost } from './run/run-context.ts'
import type { StartTurns } from './start-turns.ts'
import type { TaskProfiles } from './task-profile.ts'
import type { TaskRequest } from './task-request.ts'
import type { ThreadPool } from './threads/pool.ts'
import type { WorkerTracer } from './trace.ts'

/** What the parts of a running worker share. */
export interface Runtime {
  readonly app: AppCore
  readonly broker: Broker
  readonly results: ResultStore | undefined
  readonly settings: Settings
  readonly log: Log
  /** Set before the first message is taken. */
  events: WorkerEvents
  readonly metrics: WorkerMetrics
  readonly tracer: WorkerTracer | undefined
  readonly profiles: TaskProfiles
  readonly host: RunHost
  /** Undefined when no module is known that threads could load. */
  readonly threads: ThreadPool | undefined

  /** All that are in this worker's hands. */
  readonly requests: InHand<TaskRequest>
  /** Of these, what is held for long, by `holdEta` or for want of parking: the prefetch window is one wider for each. */
  readonly heldLong: Set<TaskRequest>
  readonly mainSlots: Slots<TaskRequest>
  readonly threadSlots: Slots<TaskRequest>
  readonly limiter: RateLimiter<TaskRequest>
  readonly revocations: Revocations
  readonly parked: Parked
  /** Ids that were acknowledged here and their messages' fingerprints: an acknowledgement can be lost. */
  readonly finished: Recent
  /** As `finished`, of those that were discarded. */
  readonly discarded: Recent
  readonly totals: Map<string, number>
  /** Of those that were begun before. */
  readonly turns: StartTurns
  /** What goes on outside of a request, such as refusing a message. */
  readonly background: Set<Promise<void>>

  /** Nothing new is begun. */
  isStopping: boolean
  /** Aborted when what cannot be written is no longer waited for. */
  readonly abandon: AbortController
  /** Called when the last request or background work is done. */
  onIdle: (() => void) | undefined
  /** Called when the number of messages that are held for long changes. */
  onHeldChanged: () => void
}

/** The time in milliseconds since 1970, which tests may set. */
export function nowOf(runtime: Runtime): number {
  return runtime.app.options.now().getTime()
}

/** Lets work go on by itself, with its error logged, and a warm stop wait for it. */
export function inBackground(runtime: Runtime, what: string, work: Promise<void>): void {
  const watched = work
    .catch((error: unknown) => runtime.log.error({ err: error }, `${what} failed`))
    .then(() => {
      runtime.background.delete(watched)
      tellIdle(runtime)
    })
  runtime.background.add(watched)
}

export function tellIdle(runtime: Runtime): void {
  if (runtime.onIdle && runtime.requests.size === 0 && runtime.background.size === 0) runtime.onIdle()
}
