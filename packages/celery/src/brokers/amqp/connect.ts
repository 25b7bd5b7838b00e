import { Duplex } from 'node:stream'
import type { ChannelModel } from 'amqplib'
import { atMost } from '../../async/within.ts'
import { CeleryError, reasonOf } from '../../errors.ts'
import { unavailable } from './errors.ts'
import type { AmqpSettings } from './options.ts'
import type { AmqpServer } from './url.ts'

/** Seconds that a clean end of a connection may take. */
const closeTimeout = 2

/** A connection, and what ends it whatever its other side does. */
export interface Connection {
  model: ChannelModel
  /** Resolves when the connection is gone, with the reason unless it was closed here. */
  gone: Promise<Error | undefined>
  isBlocked(): boolean
  close(): Promise<void>
}

/**
 * Connects once.
 * @throws CeleryError `BROKER_UNAVAILABLE`, which names host and port and no password
 */
export async function connectTo(
  server: AmqpServer,
  settings: AmqpSettings,
  name: string,
): Promise<Connection> {
  const { connect } = await import('amqplib')
  const heartbeat = server.heartbeat ?? settings.heartbeat ?? 10
  const connectTimeout = server.connectTimeout ?? settings.connectTimeout
  try {
    const model = await connect(
      {
        protocol: server.protocol,
        hostname: server.hostname,
        port: server.port,
        username: server.username,
        password: server.password,
        // Decoded once more by the library.
        vhost: encodeURIComponent(server.virtualHost),
        heartbeat,
      },
      {
        ...(server.protocol === 'amqps' && settings.tls),
        noDelay: true,
        keepAlive: true,
        keepAliveDelay: 10_000,
        timeout: connectTimeout * 1_000,
        clientProperties: {
          connection_name: `${settings.connectionName} ${name}`,
          product: 'celery (TypeScript)',
        },
      },
    )
    return follow(model, settings)
  } catch (error) {
    throw noConnection(server, error)
  }
}

/** RabbitMQ was there, and does not take this user: it does not help to wait, unless for somebody to change that. */
export function isLoginRefused(error: unknown): boolean {
  return error instanceof CeleryError && refused.test(reasonOf(error.cause))
}

/** How the library tells of a refused login, and of a virtual host that is not there for this user. */
const refused = /Handshake terminated by server|ConnectionOpenOk/

function noConnection({ hostname, port, virtualHost }: AmqpServer, error: unknown): CeleryError {
  const where = `RabbitMQ at ${hostname}:${port}`
  // So the library tells that RabbitMQ closed the connection when the virtual host was asked for.
  if (!/ConnectionOpenOk/.test(reasonOf(error))) return unavailable(`No connection to ${where}`, error)
  // What the library says of it adds nothing.
  const message = `${where} has no virtual host ${JSON.stringify(virtualHost)} for this user.`
  return new CeleryError('BROKER_UNAVAILABLE', message, { cause: error })
}

function follow(model: ChannelModel, { log }: AmqpSettings): Connection {
  const { promise: gone, resolve } = Promise.withResolvers<Error | undefined>()
  let reason: Error | undefined
  let isBlocked = false
  model.on('error', (error) => {
    reason = error
  })
  model.on('blocked', (why) => {
    isBlocked = true
    log.warn({ reason: why }, 'RabbitMQ takes no messages: it is short of memory or disk')
  })
  model.on('unblocked', () => {
    isBlocked = false
    log.info({}, 'RabbitMQ takes messages again')
  })
  gatherWrites(socketOf(model))
  model.on('close', (error) => {
    resolve(error ?? reason)
    // The library only ends its side, which a frozen connection never answers.
    destroySocket(model)
  })
  return { model, gone, isBlocked: () => isBlocked, close: () => closeWithin(model, closeTimeout) }
}

async function closeWithin(model: ChannelModel, seconds: number): Promise<void> {
  try {
    await atMost(seconds, model.close())
  } catch {
    // It was gone already.
  } finally {
    destroySocket(model)
  }
}

function destroySocket(model: ChannelModel): void {
  socketOf(model)?.destroy()
}

export function socketOf({ connection }: Pick<ChannelModel, 'connection'>): Duplex | undefined {
  return 'stream' in connection && connection.stream instanceof Duplex ? connection.stream : undefined
}

/** The library writes each frame by itself: those of one turn of the event loop go out in one call of the system. */
function gatherWrites(socket: Duplex | undefined): void {
  if (!socket) return
  const write: (frame: Buffer, done?: () => void) => boolean = socket.write.bind(socket)
  let isGathering = false
  const flush = () => {
    isGathering = false
    socket.uncork()
  }
  socket.write = (frame: Buffer, done?: unknown) => {
    if (!isGathering) {
      isGathering = true
      socket.cork()
      process.nextTick(flush)
    }
    return typeof done === 'function' ? write(frame, () => done()) : write(frame)
  }
}
