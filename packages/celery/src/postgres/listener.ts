import { backoff } from '../async/backoff.ts'
import { pause } from '../async/pause.ts'
import { within } from '../async/within.ts'
import type { Log } from '../log.ts'
import { asError, describeError } from './errors.ts'
import { connectionFrom, type SqlConnection, type SqlPool } from './pool.ts'

/** Milliseconds between questions that tell whether the connection is still there, and how long each may take. */
const heartbeat = 2_500
const patienceMs = 2_500

export interface ListenerOptions {
  log: Log
  /** The connection is lost, with what was said about it, or is there again and listens to all it did. */
  onState?(state: 'lost' | 'restored', error?: Error): void
}

/** One connection that does nothing but listen; made again whenever it is lost. */
export class Listener {
  readonly #pool: SqlPool
  readonly #options: ListenerOptions
  readonly #handlers = new Map<string, (payload: string) => void>()
  readonly #closing = new AbortController()
  #connection: SqlConnection | undefined
  /** Statements on it go one after the other. */
  #statements: Promise<unknown> = Promise.resolve()
  #heartbeat: NodeJS.Timeout | undefined

  constructor(pool: SqlPool, options: ListenerOptions) {
    this.#pool = pool
    this.#options = options
  }

  /** Rejects when there is no connection to be had. */
  async open(): Promise<void> {
    await this.#connect()
    this.#heartbeat = setInterval(() => void this.#send('SELECT 1'), heartbeat)
    this.#heartbeat.unref()
  }

  /** Resolves when it listens; while the connection is lost at once, as it will listen when it is back. */
  async listen(channel: string, handler: (payload: string) => void): Promise<void> {
    const isNew = !this.#handlers.has(channel)
    this.#handlers.set(channel, handler)
    // The server may not have been told yet of what others listen to.
    await (isNew ? this.#send(`LISTEN "${channel}"`) : this.#statements)
  }

  async unlisten(channel: string): Promise<void> {
    if (this.#handlers.delete(channel)) await this.#send(`UNLISTEN "${channel}"`)
  }

  async close(): Promise<void> {
    this.#closing.abort()
    clearInterval(this.#heartbeat)
    const connection = this.#connection
    this.#connection = undefined
    connection?.release(true)
  }

  async #connect(): Promise<void> {
    const connection = await connectionFrom(this.#pool, patienceMs / 1_000)
    // Stays for good: an error after the connection was given back must not end the process either.
    connection.on('error', (error: Error) => this.#lost(connection, error))
    connection.on('end', () => this.#lost(connection))
    connection.on('notification', (notification: { channel: string; payload?: string }) =>
      this.#handlers.get(notification.channel)?.(notification.payload ?? ''),
    )
    try {
      for (const channel of this.#handlers.keys()) await send(connection, `LISTEN "${channel}"`)
    } catch (error) {
      connection.release(asError(error))
      throw error
    }
    if (this.#closing.signal.aborted) return connection.release(true)
    this.#connection = connection
    // Channels that were added while the first of them were told to the server.
    for (const channel of this.#handlers.keys()) await this.#send(`LISTEN "${channel}"`)
  }

  /** Never rejects: what fails here is a lost connection, which is made again. */
  #send(text: string): Promise<void> {
    const sent = this.#statements.then(async () => {
      const connection = this.#connection
      if (connection === undefined) return
      try {
        await send(connection, text)
      } catch (error) {
        this.#lost(connection, asError(error))
      }
    })
    this.#statements = sent
    return sent
  }

  #lost(connection: SqlConnection, error = new Error('the connection ended')): void {
    if (this.#connection !== connection) return
    this.#connection = undefined
    connection.release(error)
    this.#options.log.warn(
      { reason: describeError(error) },
      'the connection that listens to PostgreSQL was lost',
    )
    this.#options.onState?.('lost', error)
    void this.#reconnect()
  }

  async #reconnect(): Promise<void> {
    for (let attempt = 0; !this.#closing.signal.aborted; attempt++) {
      try {
        await this.#connect()
        if (this.#connection !== undefined) this.#options.onState?.('restored')
        return
      } catch (error) {
        this.#options.log.debug({ reason: describeError(error) }, 'PostgreSQL cannot be reached yet')
        await pause(backoff(attempt), this.#closing.signal)
      }
    }
  }
}

function send(connection: SqlConnection, text: string): Promise<unknown> {
  return within(patienceMs / 1_000, connection.query({ text, query_timeout: patienceMs }))
}
