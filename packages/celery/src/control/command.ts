import type { EventDispatcher } from '../events/dispatcher.ts'
import type { WorkerSurface } from '../worker/surface.ts'

/** What a worker can be asked by remote control. */
export interface Command {
  /** `inspect` only looks, `control` changes something. */
  readonly kind: 'inspect' | 'control'
  readonly help: string
  /** Its arguments, as `celery inspect --list` shows them. */
  readonly signature?: string
  /**
   * The answer is what the asker gets; undefined is Python's None. What it throws becomes `{ error: message }`, so
   * messages hold nothing secret. Arguments that it does not know are left alone, as in Python.
   */
  run(context: CommandContext, args: CommandArguments): unknown
}

export type CommandArguments = Readonly<Record<string, unknown>>

export interface CommandContext {
  readonly worker: WorkerSurface
  /** Sends events in the worker's name. */
  readonly events: EventDispatcher
  /** For what the answer need not wait for. It must not reject; when too much is under way already, it is left out. */
  inBackground(work: () => Promise<void>): void
}

export function ok(value: string): { ok: string } {
  return { ok: value }
}
