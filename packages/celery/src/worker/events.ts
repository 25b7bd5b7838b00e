import type { ExceptionData } from '../results/port.ts'
import type { RequestInfo, WorkerSurface } from './surface.ts'

/**
 * What a worker tells of its tasks as it goes: `src/events` sends it to Flower. Called on the hot path, so each
 * returns at once, and none may throw.
 */
export interface WorkerEvents {
  /** While false nothing is sent; remote control's `enable_events` and `disable_events` change it. */
  enabled: boolean
  /** The worker is online: heartbeats begin. */
  start(): Promise<void>
  /** The worker is offline, its tasks told of. */
  stop(): Promise<void>

  received(request: RequestInfo): void
  started(taskId: string): void
  /** `runtime` is in seconds. */
  succeeded(taskId: string, result: unknown, runtime: number): void
  failed(taskId: string, exception: ExceptionData, traceback: string): void
  retried(taskId: string, exception: ExceptionData, traceback: string): void
  revoked(taskId: string, how: Revocation): void
  rejected(taskId: string, requeue: boolean): void
}

export interface Revocation {
  terminated: boolean
  /** The signal's number that a `terminate` came with, 15 when it named none; null without `terminate`. */
  signum: number | null
  expired: boolean
}

/** Made when the worker is, with what it may tell of it. */
export type WorkerEventsFactory = (worker: WorkerSurface) => WorkerEvents

/** Something that lives as long as the worker, begun before it takes the first message: remote control, for one. */
export type WorkerService = (worker: WorkerSurface) => Promise<{ stop(): Promise<void> }>

export function noEvents(): WorkerEvents {
  return {
    enabled: false,
    async start() {},
    async stop() {},
    received() {},
    started() {},
    succeeded() {},
    failed() {},
    retried() {},
    revoked() {},
    rejected() {},
  }
}
