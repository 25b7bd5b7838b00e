import type { IncomingMessage, Server } from 'node:http'
import type { Socket } from 'node:net'

/**
 * The open connections of a server and the requests on each. Node keeps them too, but of those that it calls idle
 * it leaves out one that has sent nothing or a part of a request's head, as those count towards its own time limits,
 * and it does not tell which request still waits for its body.
 */
export interface Connections {
  /** Closes those without a request, now and from now on: also what comes anew, and each once its answers are sent. */
  closeIdle(): void
  /** Cuts those whose body has not arrived, and of which no byte came since this was called last. */
  cutStalled(): void
  /** Cuts all. */
  cutAll(): void
}

interface Connection {
  /** Those whose head was complete and whose answer is not sent. */
  readonly requests: Set<IncomingMessage>
  /** How many bytes had come when it was last looked at. */
  bytesSeen?: number
}

export function trackConnections(server: Server): Connections {
  const open = new Map<Socket, Connection>()
  let closing = false
  server.on('connection', (socket: Socket) => {
    if (closing) {
      socket.destroy()
      return
    }
    open.set(socket, { requests: new Set() })
    socket.once('close', () => open.delete(socket))
  })
  server.on('request', (request, response) => {
    const { socket } = request
    const requests = open.get(socket)?.requests
    if (!requests) return
    requests.add(request)
    response.once('close', () => {
      requests.delete(request)
      // What began before could not tell its client that the connection closes.
      if (closing && requests.size === 0) socket.destroySoon()
    })
  })
  // Nothing has moved for the time that Node was told: `answerStallMs`, or `keepAliveMs` between requests.
  server.on('timeout', (socket: Socket) => {
    if (!isWorkedFor(socket, open.get(socket))) socket.destroy()
  })
  return {
    closeIdle() {
      closing = true
      for (const [socket, { requests }] of open) if (requests.size === 0) socket.destroySoon()
    },
    cutStalled() {
      for (const [socket, connection] of open) {
        const stands = connection.bytesSeen === socket.bytesRead
        if (stands && [...connection.requests].some(waitsForBody)) socket.destroy()
        connection.bytesSeen = socket.bytesRead
      }
    },
    cutAll() {
      for (const socket of open.keys()) socket.destroy()
    },
  }
}

/** Whether it stands still because of us: there is a request, and nothing to send for it yet. */
function isWorkedFor({ writableLength }: Socket, connection: Connection | undefined): boolean {
  return connection !== undefined && connection.requests.size > 0 && writableLength === 0
}

/** For its client, that is, and not for us to take what has come. */
function waitsForBody({ complete, readableLength }: IncomingMessage): boolean {
  return !complete && readableLength === 0
}
