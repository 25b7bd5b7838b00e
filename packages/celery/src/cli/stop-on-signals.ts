import type { Io } from './io.ts'

interface Stoppable {
  stop(options?: { mode?: 'warm' | 'cold' }): Promise<void>
}

/** As Celery: TERM and INT stop warm, and when they come again cold; QUIT stops cold at once. Each aborts `stopping`. */
export function stopOnSignals(io: Io, running: Stoppable, stopping: AbortController): () => void {
  return io.onSignals(['SIGTERM', 'SIGINT', 'SIGQUIT'], (signal) => {
    stopping.abort()
    const mode = signal === 'SIGQUIT' ? 'cold' : 'warm'
    running.stop({ mode }).catch((error: unknown) => io.err(`it could not be stopped: ${String(error)}`))
  })
}
