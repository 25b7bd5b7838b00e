/**
 * Where results are kept and waited for: Redis in Celery's format, PostgreSQL, or this process's memory. Every
 * implementation passes `testing/results-contract.ts`. All durations are in seconds.
 */
export interface ResultStore {
  readonly kind: 'redis' | 'postgres' | 'memory'
  /** Connects, and stays connected. Rejects when the first connection cannot be made; safe to call twice. */
  open(): Promise<void>
  close(): Promise<void>
  /** The backend as `celery inspect report` shows it. Never holds a password. */
  describe(): string

  /**
   * Keeps the task's state and wakes those who wait for it. A task that is SUCCESS stays so: a repeat or a late
   * failure of it changes nothing. Waits out a lost connection until a deadline, then rejects with
   * `RESULTS_UNAVAILABLE`.
   */
  store(meta: TaskMeta): Promise<void>
  /** In the order of the ids; undefined where nothing is known, which Celery calls PENDING. */
  get(taskIds: readonly string[]): Promise<(TaskMeta | undefined)[]>
  forget(taskIds: readonly string[]): Promise<void>
  /**
   * Calls back with every state of these tasks that is stored from now on, and with the one that is there already;
   * goes on over a lost connection, reading again what it may have missed. A state may be told twice. `onMeta` must not
   * throw.
   */
  watch(taskIds: readonly string[], onMeta: (meta: TaskMeta) => void): Promise<Watching>

  /** Keeps which results make up a group: Celery's tuple `[[id, parent], [children...]]`, as JSON. */
  storeGroup(groupId: string, result: unknown): Promise<void>
  getGroup(groupId: string): Promise<unknown>
  forgetGroup(groupId: string): Promise<void>

  /** How many parts the chord waits for; said once by who publishes its header. */
  setChordSize(groupId: string, size: number): Promise<void>
  /** Adds to the chord's number of parts for tasks that join it later, or takes from it those that did not come. */
  growChord(groupId: string, by: number): Promise<void>
  /**
   * Hands in one part, atomically. Resolves to every part in the header's order when this one completed the chord,
   * else to undefined. The same part handed in again counts once, and completes the chord again: the caller may
   * have died between this and `forgetChord`.
   */
  addChordPart(groupId: string, part: ChordPart): Promise<ChordPart[] | undefined>
  /** Forgets a chord whose body has been published. */
  forgetChord(groupId: string): Promise<void>

  /**
   * Notes that a redelivered task is begun and returns how often it was begun before, for brokers that cannot count
   * themselves. Forgotten with `forgetStarts` and after a day. Whoever asks again, as the answer was lost, gives the same
   * `mark`, a UUID of this start: it counts once.
   */
  countStart(taskId: string, mark?: string): Promise<number>
  forgetStarts(taskId: string): Promise<void>
}

export interface Watching {
  add(taskIds: readonly string[]): Promise<void>
  /** No longer calls back for these, so that a watch shared by many who wait does not grow without end. */
  remove(taskIds: readonly string[]): Promise<void>
  stop(): Promise<void>
}

/** Celery's states, and those of the task's own, such as `PROGRESS`. */
export type TaskState = 'PENDING' | 'STARTED' | 'RETRY' | 'SUCCESS' | 'FAILURE' | 'REVOKED' | (string & {})

/**
 * A task's state under its names on the wire: the document that Celery keeps as `celery-task-meta-<id>`. Decoded:
 * `result` holds values, not JSON.
 */
export interface TaskMeta {
  task_id: string
  status: TaskState
  /** The value; for FAILURE, RETRY and REVOKED an `ExceptionData`; for STARTED `{ pid, hostname }`; else progress. */
  result: unknown
  traceback: string | null
  /** Result tuples of the tasks that this one sent. */
  children: unknown[]
  /** ISO 8601; null while it is not done. */
  date_done: string | null
  group_id?: string | null
  parent_id?: string | null
  /** With `extendedResults`, as Celery's `result_extended`. */
  name?: string
  args?: unknown
  kwargs?: unknown
  worker?: string
  retries?: number
  queue?: string
}

/** An exception as Celery's result backends keep it. */
export interface ExceptionData {
  exc_type: string
  exc_message: unknown
  exc_module: string | null
}

export interface ChordPart {
  taskId: string
  /** Where in the header it stands; parts without one come in the order of their arrival. */
  index: number | undefined
  state: 'SUCCESS' | 'FAILURE' | 'REVOKED'
  result: unknown
}

export function isReady(state: TaskState): boolean {
  return state === 'SUCCESS' || state === 'FAILURE' || state === 'REVOKED'
}
