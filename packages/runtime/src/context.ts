import { AsyncLocalStorage } from 'node:async_hooks'

/** What one piece of work (a request, a command, later a task) carries through every call it makes. */
export interface WorkContext {
  /** The `X-Request-Id` of the request, or an id made for it. */
  readonly requestId: string
  /** W3C Trace Context header of this work (https://www.w3.org/TR/trace-context/). */
  readonly traceparent: string
  /** When the work must be done, in milliseconds since the epoch; queries are cut off by then. */
  readonly deadline?: number
}

const storage = new AsyncLocalStorage<WorkContext>()

/** Runs `work` so that everything it calls, however deep, sees `context`. */
export function withContext<T>(context: WorkContext, work: () => T): T {
  return storage.run(context, work)
}

/** The context of the work that is running now, if it runs in one. */
export function currentContext(): WorkContext | undefined {
  return storage.getStore()
}
