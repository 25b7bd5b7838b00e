import type { AppCore } from '../../app/app-core.ts'
import type { CurrentTask } from '../../app/current-task.ts'
import type { RejectOptions, RetryOptions, TaskContext } from '../../app/task.ts'
import { checkReject, checkRetry } from '../../app/task-checks.ts'
import { addToChord } from '../../canvas/add-to-chord.ts'
import type { Log } from '../../log.ts'
import { encodeJson } from '../../protocol/json.ts'
import type { SignatureData, TaskMessage } from '../../protocol/message.ts'
import { parseTime } from '../../protocol/time.ts'
import { IgnoreSignal, RejectSignal, ReplaceSignal, RetrySignal } from './signals.ts'

/** What a run's context needs of where it runs: the worker, or a thread of it. */
export interface RunHost {
  readonly app: AppCore
  readonly worker: string
  readonly log: Log
  /** @param meta as JSON, so that it is the same on both, and what the task told then */
  progress(run: RunContext, meta: string, state: string): Promise<void>
}

/**
 * What a task knows of itself. Methods are getters of functions, so that they can be taken apart from it
 * (`run({ id }, { progress })`), and are made only when asked for.
 */
export class RunContext implements TaskContext, CurrentTask {
  readonly message: TaskMessage
  readonly queue: string
  readonly redelivered: boolean
  readonly children: unknown[] = []
  /** Milliseconds, of `performance.now`: a clock that is set meanwhile changes nothing of how long it ran. */
  readonly beganAt = performance.now()
  headers: Readonly<Record<string, unknown>>
  readonly #host: RunHost
  #controller: AbortController | undefined
  #log: Log | undefined

  constructor(message: TaskMessage, queue: string, redelivered: boolean, host: RunHost) {
    this.message = message
    this.headers = message.headers
    this.queue = queue
    this.redelivered = redelivered
    this.#host = host
  }

  get id(): string {
    return this.message.headers.id
  }
  get name(): string {
    return this.message.headers.task
  }
  get retries(): number {
    return this.message.headers.retries ?? 0
  }
  get rootId(): string {
    return this.message.headers.root_id ?? this.message.headers.id
  }
  get parentId(): string | null {
    return this.message.headers.parent_id ?? null
  }
  get groupId(): string | null {
    return this.message.headers.group ?? null
  }
  get groupIndex(): number | null {
    return this.message.headers.group_index ?? null
  }
  get eta(): Date | undefined {
    return this.message.headers.eta ? parseTime(this.message.headers.eta) : undefined
  }
  get expires(): Date | undefined {
    return this.message.headers.expires ? parseTime(this.message.headers.expires) : undefined
  }
  get priority(): number | null {
    return this.message.properties.priority ?? null
  }
  get worker(): string {
    return this.#host.worker
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController()
    return this.#controller.signal
  }
  /** The signal, if it was ever asked for or aborted. */
  get abortedSignal(): AbortSignal | undefined {
    return this.#controller?.signal
  }
  abort(reason: unknown): void {
    this.#controller ??= new AbortController()
    this.#controller.abort(reason)
  }

  get log(): Log {
    this.#log ??= logOf(this.#host.log, { task: this.name, id: this.id })
    return this.#log
  }

  get progress(): TaskContext['progress'] {
    return async (meta, state = 'PROGRESS') =>
      this.#host.progress(this, encodeJson(meta ?? null, 'meta'), state)
  }
  get retry(): TaskContext['retry'] {
    return (options: RetryOptions = {}) => {
      checkRetry(options)
      throw new RetrySignal(options)
    }
  }
  get replace(): TaskContext['replace'] {
    return (signature: { toJSON(): SignatureData }) => {
      throw new ReplaceSignal(signature.toJSON())
    }
  }
  get addToChord(): TaskContext['addToChord'] {
    return async (signature: { toJSON(): SignatureData }) => {
      await addToChord(this.#host.app, this.message, signature.toJSON())
    }
  }
  get ignore(): TaskContext['ignore'] {
    return () => {
      throw new IgnoreSignal()
    }
  }
  get reject(): TaskContext['reject'] {
    return (options: RejectOptions = {}) => {
      checkReject(options)
      const { requeue = false, reason = 'the task rejected it' } = options
      throw new RejectSignal(requeue, reason)
    }
  }
}

function logOf(log: Log, own: object): Log {
  return {
    debug: (fields, message) => log.debug({ ...own, ...fields }, message),
    info: (fields, message) => log.info({ ...own, ...fields }, message),
    warn: (fields, message) => log.warn({ ...own, ...fields }, message),
    error: (fields, message) => log.error({ ...own, ...fields }, message),
  }
}
