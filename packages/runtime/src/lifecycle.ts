import type { Logger } from './logger.ts'

/** Something a process is made of: a database, a service, a server. */
export interface Part {
  readonly name: string
  start?(): Promise<void> | void
  stop?(): Promise<void> | void
}

export type LifecycleState = 'new' | 'starting' | 'ready' | 'draining' | 'stopped'

export interface Lifecycle {
  readonly state: LifecycleState
  /**
   * Starts the parts in order. When one fails, those before it are stopped again and its error is thrown.
   * Once stopped it stays so: `state` says whether a start that was cut short by `stop` came to `ready`.
   */
  start(): Promise<void>
  /** Stops the started parts in reverse. Safe to call again, and while starting; never throws. */
  stop(): Promise<void>
}

export interface LifecycleOptions {
  parts: readonly Part[]
  logger: Logger
  /** How long one part may take to stop before the next is stopped without waiting for it, in milliseconds. */
  stopTimeoutMs: number
}

/** Starts parts in order and stops them in reverse, so that what others stand on goes last. */
export function createLifecycle({ parts, logger, stopTimeoutMs }: LifecycleOptions): Lifecycle {
  const started: Part[] = []
  let state: LifecycleState = 'new'
  let starting: Promise<void> = Promise.resolve()
  let stopping: Promise<void> | undefined

  async function startParts(): Promise<void> {
    for (const part of parts) {
      if (stopping) return
      // Before its start, so that a part that fails half way is stopped too.
      started.push(part)
      await part.start?.()
    }
    if (!stopping) state = 'ready'
  }

  async function stopParts(): Promise<void> {
    state = 'draining'
    await starting.catch(() => {
      // start() throws it to its own caller.
    })
    for (const part of started.reverse()) await stopPart(part, logger, stopTimeoutMs)
    state = 'stopped'
  }

  function stop(): Promise<void> {
    stopping ??= stopParts()
    return stopping
  }

  return {
    get state() {
      return state
    },
    async start() {
      if (stopping) return stopping
      state = 'starting'
      starting = startParts()
      try {
        await starting
      } catch (error) {
        await stop()
        throw error
      }
    },
    stop,
  }
}

async function stopPart(part: Part, logger: Logger, timeoutMs: number): Promise<void> {
  const { promise: timeout, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error(`not stopped after ${timeoutMs} ms`)), timeoutMs)
  try {
    await Promise.race([part.stop?.(), timeout])
  } catch (error) {
    logger.error({ err: error, part: part.name }, 'a part did not stop cleanly')
  } finally {
    clearTimeout(timer)
  }
}
