import type { FastifyReply } from 'fastify'
import type { App } from './app.ts'

/** How a server stops: what is in flight finishes, nothing new comes. */
export interface Drain {
  readonly draining: boolean
  /** Tells the client of an answer that the connection closes after it, once the server is stopping. */
  closeAfter(reply: FastifyReply): void
  /** Closes the app within about `drainMs`; connections that are still busy then are cut. Safe to call again. */
  stop(): Promise<void>
}

const reapMs = 50

export function createDrain(app: App, drainMs: number): Drain {
  let stopping: Promise<void> | undefined

  async function drain(): Promise<void> {
    const cut = setTimeout(() => app.server.closeAllConnections(), drainMs)
    // Answers that had begun before did not tell their clients to close.
    const reaper = setInterval(() => app.server.closeIdleConnections(), reapMs)
    try {
      await app.close()
    } finally {
      clearTimeout(cut)
      clearInterval(reaper)
    }
  }

  return {
    get draining() {
      return stopping !== undefined
    },
    closeAfter(reply) {
      if (stopping) reply.header('connection', 'close')
    },
    stop() {
      stopping ??= drain()
      return stopping
    },
  }
}
