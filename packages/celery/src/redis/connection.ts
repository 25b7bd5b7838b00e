import type { Redis } from 'ioredis'
import { timerOf } from '../async/timer.ts'
import { connectClient } from './client.ts'
import type { RedisTarget } from './target.ts'

export interface ConnectionOptions {
  target: RedisTarget
  /** Seconds. */
  connectTimeout: number
  /** Seconds an answer may take before the connection counts as lost. */
  commandTimeout: number
  /** The server lets everybody in, and was given a password. */
  onNeedlessPassword(): void
}

/** Rejects as ioredis does. */
export async function connectTo(options: ConnectionOptions): Promise<Connection> {
  let connection: Connection | undefined
  const commandTimeout = timerOf(options.commandTimeout)
  const connect = () =>
    connectClient(options.target, {
      connectTimeout: timerOf(options.connectTimeout),
      commandTimeout,
      onLost: (error) => connection?.end(error),
      onNeedlessPassword: options.onNeedlessPassword,
    })
  connection = new Connection(await connect(), connect, commandTimeout)
  return connection
}

/**
 * One connection for commands and, when somebody listens, one for what the server tells by itself. They live and
 * die together: when one is lost both are made anew, so that nobody has to think about half of a connection.
 */
export class Connection {
  readonly client: Redis
  /** Made on first need. */
  subscriber: Promise<Redis> | undefined
  subscriberId: string | undefined
  /** The server tells which of the keys that this connection has read were changed. */
  isTracking = false
  readonly #connect: () => Promise<Redis>
  readonly #heartbeat: NodeJS.Timeout
  readonly #gone = Promise.withResolvers<unknown>()
  #isLost = false

  /** @param pingEvery milliseconds */
  constructor(client: Redis, connect: () => Promise<Redis>, pingEvery: number) {
    this.client = client
    this.#connect = connect
    this.#heartbeat = setInterval(() => this.#ping(), pingEvery).unref()
  }

  get isLost(): boolean {
    return this.#isLost
  }

  /** Resolves to the reason when it has come to its end. */
  get gone(): Promise<unknown> {
    return this.#gone.promise
  }

  /** A client beside the first, with whose loss this connection is lost. */
  async another(): Promise<Redis> {
    const client = await this.#connect()
    if (!this.#isLost) return client
    client.disconnect()
    throw new Error('The connection was lost')
  }

  end(reason: unknown): void {
    if (this.#isLost) return
    this.#isLost = true
    clearInterval(this.#heartbeat)
    this.client.disconnect()
    this.subscriber?.then(
      (client) => client.disconnect(),
      () => undefined,
    )
    this.#gone.resolve(reason)
  }

  /** A connection that is silent is asked whether it lives: what freezes closes nothing. */
  #ping(): void {
    const ping = (client: Redis) => client.ping()
    Promise.all([ping(this.client), this.subscriber?.then(ping)]).catch((error: unknown) => this.end(error))
  }
}
