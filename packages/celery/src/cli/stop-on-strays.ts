import type { Worker } from '../worker/worker.ts'
import type { Io } from './io.ts'

export interface Strays {
  /** Throws when there was an error that nobody caught: the command has failed. */
  check(): void
  end(): void
}

/** An error that nobody caught ends the worker in order, and the process after it. It aborts `stopping`. */
export function stopOnStrays(io: Io, worker: Pick<Worker, 'stopFor'>, stopping: AbortController): Strays {
  let isStruck = false
  const end = io.onUncaught((error) => {
    isStruck = true
    stopping.abort()
    worker.stopFor(error).catch((failed: unknown) => io.err(`it could not be stopped: ${String(failed)}`))
  })
  const check = () => {
    if (isStruck) throw new Error('an error that nobody caught has ended the worker; the log says which')
  }
  return { check, end }
}
