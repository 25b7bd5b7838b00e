import type { MessagePort } from 'node:worker_threads'
import type { Log } from '../../log.ts'

/**
 * What passes between a worker and a thread that runs one of its tasks. Values go as the JSON of task messages, which
 * has a form for all that a task can take and give.
 */
export interface ThreadCall {
  /** URL of the module with the app. */
  module: string
  /** Undefined asks whether the app can be loaded and has these tasks. */
  run: ThreadRun | undefined
}

export interface ThreadRun {
  /** Its headers are `marked`. */
  message: string
  /** `marked` too: the headers that the task sees, with its own span. */
  headers: string
  queue: string
  redelivered: boolean
  worker: string
  port: MessagePort
}

export type FromThread =
  | { type: 'started' }
  | { type: 'log'; level: keyof Log; fields: object; message: string }
  | { type: 'progress'; call: number; state: string; meta: string }

export type ToThread =
  | { type: 'abort'; reason: string }
  | { type: 'kept'; call: number; error: string | undefined }

/** What a call resolves to: the outcome and the children as JSON, or why the app cannot be used. */
export type ThreadAnswer = { outcome: string; children: string } | { unusable: string } | { tasks: string[] }
