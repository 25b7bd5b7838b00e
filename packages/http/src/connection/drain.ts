import type { FastifyReply } from 'fastify'
import type { HttpLimits } from '../limits/limits.ts'
import type { App } from '../routes/app.ts'
import { trackConnections } from './open-connections.ts'

/** How a server stops: what is in flight finishes, nothing new comes. */
export interface Drain {
  readonly draining: boolean
  /** Tells the client of an answer that the connection closes after it, once the server is stopping. */
  closeAfter(reply: FastifyReply): void
  /**
   * Closes the app, and at once the connections on which no request is being answered. A request whose body stands
   * still has about `drainBodyMs`, any other `drainMs`; what is left then is cut. Safe to call again.
   */
  stop(): Promise<void>
}

export function createDrain(
  app: App,
  { drainMs, drainBodyMs }: Pick<HttpLimits, 'drainMs' | 'drainBodyMs'>,
): Drain {
  const connections = trackConnections(app.server)
  let stopping: Promise<void> | undefined

  async function drain(): Promise<void> {
    connections.closeIdle()
    connections.cutStalled()
    const stalled = setInterval(connections.cutStalled, drainBodyMs)
    const cut = setTimeout(connections.cutAll, drainMs)
    try {
      await app.close()
    } finally {
      clearInterval(stalled)
      clearTimeout(cut)
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
