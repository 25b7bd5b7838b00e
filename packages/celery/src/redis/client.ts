import type { Redis } from 'ioredis'
import { type RedisTarget, tlsOptionsOf } from './target.ts'

export interface ClientOptions {
  /** Milliseconds. */
  connectTimeout: number
  commandTimeout: number
  onLost(error: Error): void
  /** The server lets everybody in, and was given a password. */
  onNeedlessPassword(): void
}

/** A client that never connects again by itself and never sends a command twice: both are decided above it. */
export async function connectClient(target: RedisTarget, options: ClientOptions): Promise<Redis> {
  const [{ Redis }, tls] = await Promise.all([import('ioredis'), tlsOptionsOf(target)])
  const client = new Redis({
    ...(target.path === undefined ? { host: target.host, port: target.port } : { path: target.path }),
    ...(tls && { tls }),
    // On RESP3 ioredis drops the notices of changed keys; on RESP2 they come as messages.
    protocol: 2,
    lazyConnect: true,
    enableReadyCheck: false,
    enableOfflineQueue: false,
    autoResubscribe: false,
    autoResendUnfulfilledCommands: false,
    disableClientInfo: true,
    retryStrategy: () => null,
    connectTimeout: options.connectTimeout,
    commandTimeout: options.commandTimeout,
    disconnectTimeout: 250,
    keepAlive: 10_000,
  })
  let reason: Error | undefined
  client.on('error', (error) => {
    reason = error
  })
  client.on('close', () => options.onLost(reason ?? new Error('Redis closed the connection')))
  try {
    await client.connect()
    await signIn(client, target, options)
    // By itself the client would go on in another database when there is none of that number.
    if (target.db !== 0) await client.select(target.db)
  } catch (error) {
    client.disconnect()
    throw withHint(reason ?? error, target)
  }
  return client
}

/** By commands of our own: the client writes to the console what it has to say of a password. */
async function signIn(client: Redis, target: RedisTarget, options: ClientOptions): Promise<void> {
  const { username, password } = target
  if (username !== undefined) await client.auth(username, password ?? '')
  else if (password !== undefined) {
    await client.auth(password).catch((error: unknown) => {
      if (!isNeedless(error)) throw error
      options.onNeedlessPassword()
    })
  }
  // Without a name it works as well, where the user may not have one; without an answer or a login nothing does.
  await client.client('SETNAME', 'celery-ts').catch((error: unknown) => {
    if (!(error instanceof Error) || error.name !== 'ReplyError' || /^NOAUTH\b/.test(error.message))
      throw error
  })
}

/** A server without TLS waits for the rest of what it takes for a command, as silent as one that is frozen. */
function withHint(error: unknown, { tls }: RedisTarget): unknown {
  if (!tls || !(error instanceof Error) || error.message !== 'connect ETIMEDOUT') return error
  return new Error(`${error.message} (if this server speaks no TLS, its URL begins with redis://)`)
}

function isNeedless(error: unknown): boolean {
  return error instanceof Error && /no password is set|without any password configured/.test(error.message)
}
