import { timerOf } from '../async/timer.ts'
import { CeleryError } from '../errors.ts'
import { taskError } from '../protocol/exceptions.ts'
import { type ResultNode, readResultTuple, resultTuple } from '../protocol/result-tuple.ts'
import { checkGet } from './check-get.ts'
import { GroupResult } from './handle-group.ts'
import { type ExceptionData, isReady, type ResultStore, type TaskMeta, type TaskState } from './port.ts'
import type { ResultWatcher } from './watcher.ts'

/** What handles ask of the app. */
export interface ResultSource {
  /** Rejects with `NO_RESULTS` when the app has no store. */
  store(): Promise<ResultStore>
  readonly watcher: ResultWatcher
}

/** How a result is waited for. */
export interface GetOptions {
  /** Seconds to wait; without it, for as long as it takes. */
  timeout?: number
  /** Ends the wait: it rejects with the signal's reason. The task goes on. */
  signal?: AbortSignal
  /**
   * Told of every state on the way, `STARTED`, `RETRY` and those of the task's own, with what is kept for it. What it
   * throws ends the wait, which rejects with it.
   */
  onProgress?(info: unknown, state: TaskState): void
}

/** Where the result of one task will be found: of this process's sending, or of any id. */
export class Result<Output = unknown> {
  readonly id: string
  /** What it follows in a chain; of a chord, the header. */
  readonly parent: Result | GroupResult | undefined
  readonly #source: ResultSource
  readonly #isIgnored: boolean

  constructor(
    source: ResultSource,
    id: string,
    options: { parent?: Result | GroupResult | undefined; isIgnored?: boolean } = {},
  ) {
    this.#source = source
    this.id = id
    this.parent = options.parent
    this.#isIgnored = options.isIgnored ?? false
  }

  /** `PENDING` for whatever the store knows nothing of: a task that has not begun, has expired, or never was. */
  async state(): Promise<TaskState> {
    return (await this.info())?.status ?? 'PENDING'
  }

  /** All that is kept of it; undefined where nothing is known. */
  async info(): Promise<TaskMeta | undefined> {
    const store = await this.#source.store()
    return (await store.get([this.id]))[0]
  }

  /** It is done, well or not. */
  async ready(): Promise<boolean> {
    return isReady(await this.state())
  }

  async successful(): Promise<boolean> {
    return (await this.state()) === 'SUCCESS'
  }

  async failed(): Promise<boolean> {
    return (await this.state()) === 'FAILURE'
  }

  /**
   * Waits for the task.
   * @returns what it returned
   * @throws TaskError what it raised, or `TaskRevokedError`
   * @throws CeleryError `TIMEOUT`, `NO_RESULTS`, `CLOSED`, `RESULTS_UNAVAILABLE`, or `UNSUPPORTED` when too many wait
   */
  async get(options: GetOptions = {}): Promise<Output> {
    checkGet(options)
    if (!this.#isIgnored) return await waitFor<Output>(this.#source.watcher, this.id, options)
    throw new CeleryError('NO_RESULTS', `Task ${this.id} was sent with ignoreResult: its result is not kept.`)
  }

  /** Removes what the store keeps of it, and of all that it follows. */
  async forget(): Promise<void> {
    await (await this.#source.store()).forget([this.id])
    await this.parent?.forget()
  }

  /** The tasks and groups that it sent while it ran; known once it is done. */
  async children(): Promise<(Result | GroupResult)[]> {
    const info = await this.info()
    return (info?.children ?? []).map((tuple) => resultFrom(this.#source, readResultTuple(tuple)))
  }

  /** Celery's tuple of it, with which `app.resultFrom` makes it again, here or in Python. */
  toJSON(): unknown[] {
    return resultTuple(this.id, this.parent?.toJSON() ?? null)
  }
}

/** The handle of what a canvas will give, with those of all that it follows. */
export function resultFrom(source: ResultSource, node: ResultNode): Result | GroupResult {
  const followed: ResultNode[] = []
  for (let before = node.parent; before; before = before.parent) followed.push(before)
  let parent: Result | GroupResult | undefined
  for (const before of followed.reverse()) parent = handleOf(source, before, parent)
  return handleOf(source, node, parent)
}

function handleOf(
  source: ResultSource,
  node: ResultNode,
  parent: Result | GroupResult | undefined,
): Result | GroupResult {
  if (!node.members) return new Result(source, node.id, { parent, isIgnored: node.isIgnored ?? false })
  const members = node.members.map((member) => resultFrom(source, member))
  return new GroupResult(source, node.id, members, parent)
}

function waitFor<Output>(watcher: ResultWatcher, id: string, options: GetOptions): Promise<Output> {
  const { timeout, signal, onProgress } = options
  const { promise, resolve, reject } = Promise.withResolvers<Output>()
  if (signal?.aborted) return Promise.reject(signal.reason)
  const progressed = async (meta: TaskMeta) => onProgress?.(meta.result, meta.status)
  const end = watcher.listen(id, {
    onMeta(meta) {
      if (meta.status === 'SUCCESS') resolve(meta.result as Output)
      else if (isReady(meta.status)) reject(failureOf(meta))
      else progressed(meta).catch(reject)
    },
    onError: reject,
  })
  const timer =
    timeout === undefined ? undefined : setTimeout(() => reject(timedOut(id, timeout)), timerOf(timeout))
  const onAbort = () => reject(signal?.reason)
  signal?.addEventListener('abort', onAbort, { once: true })
  return promise.finally(() => {
    clearTimeout(timer)
    signal?.removeEventListener('abort', onAbort)
    end()
  })
}

function timedOut(id: string, timeout: number): CeleryError {
  return new CeleryError('TIMEOUT', `Task ${id} was not done within ${timeout} s. It may still run.`)
}

/** What a task that did not succeed raised, as kept in its meta. */
function failureOf(meta: TaskMeta): Error {
  return taskError(meta.result as ExceptionData, meta.traceback)
}
