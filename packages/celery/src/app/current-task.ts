import { AsyncLocalStorage } from 'node:async_hooks'

/** The task that is running, as far as what it sends is concerned. */
export interface CurrentTask {
  readonly id: string
  readonly rootId: string
  /** Those of its message: `traceparent` among them is carried on. */
  readonly headers: Readonly<Record<string, unknown>>
  /** The result tuple of every task it sends is added, to be kept with its result. */
  readonly children: unknown[]
}

const storage = new AsyncLocalStorage<CurrentTask>()

/** Runs `fn` as this task: what is sent meanwhile has it for a parent. */
export function runAsTask<T>(current: CurrentTask, fn: () => T): T {
  return storage.run(current, fn)
}

/** Undefined outside of a task. */
export function currentTask(): CurrentTask | undefined {
  return storage.getStore()
}
