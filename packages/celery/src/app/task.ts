import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { Log } from '../log.ts'
import type { SignatureData } from '../protocol/message.ts'
import type { SendOptions } from './send-options.ts'

/**
 * A task that lives in this program. Python and TypeScript call it by its name; its arguments arrive as Python sends
 * them, positional and by keyword, and are bound to one object, as a Python function's are to its parameters.
 *
 *   const add = app.task({
 *     name: 'tasks.add',
 *     params: ['x', 'y'],
 *     input: z.object({ x: z.number(), y: z.number() }),
 *     run: ({ x, y }) => x + y,
 *   })
 *
 * Callers send what the schema takes, and `run` gets what it makes of that: its `Input`, such as a `Date` of a text.
 */
export interface TaskDefinition<
  Input extends object,
  Output,
  Schema extends StandardSchemaV1 = StandardSchemaV1,
> extends TaskOptions {
  name: string
  /**
   * Which fields of the input positional arguments fill, in their order. `...rest` as the last collects those that
   * remain, like Python's `*rest`. What a call leaves out is refused as Python does (`missing 1 required positional
   * argument`), unless it is written with a question mark, `y?`, or the task has a schema, which then says what may be
   * left out. Without `params` the task takes keyword arguments alone.
   */
  params?: readonly ParamOf<SentTo<Schema, Input>>[]
  /**
   * Checks (and may convert) the bound arguments before the task runs. Any Standard Schema: zod, valibot, arktype. One
   * that takes `unknown` is sent any object.
   */
  input?: Schema & StandardSchemaV1<unknown, Input>
  /** Checks (and may convert) the result before it is kept. What does not fit fails with a `ValueError`, without retries. */
  output?: StandardSchemaV1<unknown, Output>
  run(input: Input, context: TaskContext): Output | Promise<Output>
}

/** What is sent to a task: what its schema takes, where it has one, and any object where that takes whatever comes. */
export type SentTo<Schema extends StandardSchemaV1, Input extends object> = StandardSchemaV1 extends Schema
  ? Input
  : StandardSchemaV1.InferInput<Schema> extends infer Sent extends object
    ? Sent
    : Input | Record<string, unknown>

type ParamOf<Sent> = ParamName<Sent> | `${OptionalName<Sent>}?` | `...${ParamName<Sent>}`

type ParamName<Sent> = Extract<keyof Sent, string>

type OptionalName<Sent> = {
  [Name in ParamName<Sent>]-?: undefined extends Sent[Name] ? Name : never
}[ParamName<Sent>]

/** How a task is run; what a message says of its own goes before it. */
export interface TaskOptions {
  /** The queue that callers of this package send it to, unless they name one. */
  queue?: string
  priority?: number
  ignoreResult?: boolean
  /**
   * `early` (Celery's default): acknowledged as it starts, so that it is lost with its worker and not run again.
   * `late`: acknowledged when its result is kept, so that it is run again when its worker is lost; the task must bear
   * that.
   */
  ack?: 'early' | 'late'
  /** With `ack: 'late'`, whether a failure is acknowledged too (true when absent), or rejected without a requeue. */
  ackOnFailure?: boolean
  retry?: RetryPolicy
  /** Seconds after which `context.signal` is aborted. */
  softTimeLimit?: number
  /** Seconds after which it is ended, whatever it does. It runs on a thread for that, so the worker needs `module`. */
  timeLimit?: number
  /**
   * `thread`: on a thread of the worker's pool, for what computes long or needs a hard time limit. `main` when
   * absent: on the event loop, for what waits.
   */
  runOn?: 'main' | 'thread'
  /** At most so many starts in this worker, as Celery writes it: `10/s`, `100/m`, `1000/h`. */
  rateLimit?: string
  /** Keep state STARTED while it runs; the app's option when absent. */
  trackStarted?: boolean
}

/** Which failures are tried again, how often and after how long. Durations in seconds. */
export interface RetryPolicy {
  /**
   * Which errors are worth another try; every one when absent. A failed validation of arguments never is. It answers at
   * once: an async function is refused, and another's promise counts as false.
   */
  on?(error: unknown): boolean
  /** How often, at most: 3 when absent, as in Celery. Then the task is a dead letter. */
  max?: number
  /** Seconds before the first retry: 1 when absent. Each further one waits `factor` (2) times as long. */
  delay?: number
  factor?: number
  /** Seconds: the longest wait, 600 when absent. */
  maxDelay?: number
  /** Wait a random part of that, from nothing to all of it, so that what failed together does not return together. */
  jitter?: boolean
}

/** What a running task knows of itself and can do. */
export interface TaskContext {
  readonly id: string
  readonly name: string
  readonly queue: string
  /** How often it has been retried: 0 on the first run. */
  readonly retries: number
  readonly rootId: string
  readonly parentId: string | null
  readonly groupId: string | null
  readonly groupIndex: number | null
  readonly eta: Date | undefined
  readonly expires: Date | undefined
  /** The message's, where it has one. */
  readonly priority: number | null
  /** It was begun before by a worker that was lost, or may have been, or it went back into its queue by `reject`. */
  readonly redelivered: boolean
  /** The sender's own headers, and those of the protocol. */
  readonly headers: Readonly<Record<string, unknown>>
  /** `host` of the worker, such as `celery@web1`. */
  readonly worker: string
  /** Aborted by the soft time limit, by a revocation with `terminate`, and by a cold stop; the reason says which. */
  readonly signal: AbortSignal
  readonly log: Log
  /**
   * Keeps a state of the caller's choosing (`PROGRESS`) and what it says, for those who watch. A result store that does
   * not take it is logged, and the task goes on; what cannot be sent as JSON throws.
   */
  progress(meta: unknown, state?: string): Promise<void>
  /** Throws what makes the worker try the task again later. */
  retry(options?: RetryOptions): never
  /** Throws what makes the worker put the signature in this task's place: its result becomes this task's. */
  replace(signature: { toJSON(): SignatureData }): never
  /**
   * Sends the signature as one more member of the group that is the header of a chord and that this task is part of:
   * the body waits for it too. A task's result comes next to this one's, before or after it; where those of a canvas
   * come is not said. A header that has a group within gives its body the results of its own members alone. All as in
   * Celery.
   * @throws CeleryError `BAD_OPTION` when the task is not part of a chord's header, `NO_RESULTS`
   */
  addToChord(signature: { toJSON(): SignatureData }): Promise<void>
  /** Throws what makes the worker drop the task without a result. */
  ignore(): never
  /** Throws what makes the worker reject the message, back into its queue or away. */
  reject(options?: RejectOptions): never
}

/** Options of a task's `context.retry`. */
export interface RetryOptions {
  /** Seconds from now; the task's policy decides when neither this nor `eta` is given. */
  countdown?: number
  eta?: Date
  /** In place of the policy's. */
  max?: number
  /** Why; raised when no retry is left. */
  cause?: unknown
  /** In place of the arguments it had. */
  args?: unknown[]
  kwargs?: Record<string, unknown>
}

/** Options of a task's `context.reject`. */
export interface RejectOptions {
  /**
   * Back into its queue, under its id, after a pause of 1, 2, 4 .. 60 seconds, whether it was acknowledged or not; begun
   * as often as the worker's option `maxDeliveries` says, it is a dead letter all the same. False when absent: it is a
   * dead letter at once.
   */
  requeue?: boolean
  /** Why, for the dead letter and the events. */
  reason?: string
}

/** A definition as the app keeps it. */
export type AnyTaskDefinition = TaskDefinition<
  Record<string, unknown>,
  unknown,
  StandardSchemaV1<unknown, Record<string, unknown>>
>

export type { SendOptions }
