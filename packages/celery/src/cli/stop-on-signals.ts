import type { Io } from './io.ts'

interface Stoppable {
  stop(options?: { mode?: 'warm' | 'cold' }): Promise<void>
}

/** As Celery: TERM and INT stop warm, and when they come again cold; QUIT stops cold at once. */
export function stopOnSignals(io: Io, running: Stoppable): () => void {
  return io.onSignals(['SIGTERM', 'SIGINT', 'SIGQUIT'], (signal) => {
    const mode = signal === 'SIGQUIT' ? 'cold' : 'warm'
    running.stop({ mode }).catch((error: unknown) => io.err(`it could not be stopped: ${String(error)}`))
  })
}
