import { backoff } from '../async/backoff.ts'
import { Deadline } from '../async/deadline.ts'
import { pause } from '../async/pause.ts'
import { within } from '../async/within.ts'
import type { BrokerState } from '../brokers/port.ts'
import { CeleryError, type ErrorCode } from '../errors.ts'
import type { Log } from '../log.ts'
import { Commands } from './commands.ts'
import { type Connection, connectTo } from './connection.ts'
import { Notices } from './notices.ts'
import { ConnectionLost } from './replies.ts'
import type { Script } from './script.ts'
import type { RedisTarget } from './target.ts'
import { Trouble } from './trouble.ts'
import type { Expected } from './wrong-type.ts'

export interface LinkOptions {
  target: RedisTarget
  /** The code of errors when Redis cannot be reached or refuses. */
  code: Extract<ErrorCode, 'BROKER_UNAVAILABLE' | 'RESULTS_UNAVAILABLE'>
  /** Seconds an answer may take before the connection counts as lost. */
  commandTimeout: number
  connectTimeout: number
  log: Log
}

type Listener = (state: BrokerState, error?: Error) => void

/** Milliseconds that who opens again what is open waits for a lost connection, where the caller does not say. */
const openPatienceMs = 10_000
/** Where Redis has refused commands: a connection that lasted so many milliseconds was a good one for a time. */
const goodAfter = 5_000

/**
 * A connection to Redis that is made again when it is lost. Every command has a deadline; one that misses it ends the
 * connection, since a server or network that froze answers nothing more. What was in flight then rejects with
 * `ConnectionLost`, for the caller to decide whether it may be sent again.
 */
export class RedisLink {
  readonly #options: LinkOptions
  readonly #listeners = new Set<Listener>()
  readonly #setups: (() => Promise<void>)[] = []
  readonly notices: Notices
  readonly #commands: Commands
  readonly #trouble: Trouble
  #state: BrokerState = 'closed'
  #connection: Connection | undefined
  #opening: Promise<void> | undefined
  /** Ends all that was begun since the link was opened. */
  #closing = new AbortController()
  #up = Promise.withResolvers<void>()

  constructor(options: LinkOptions) {
    this.#options = options
    this.notices = new Notices(() => this.#living, options)
    this.#commands = new Commands(() => this.#living, options.code)
    this.#trouble = new Trouble(options)
  }

  get state(): BrokerState {
    return this.#state
  }

  get code(): LinkOptions['code'] {
    return this.#options.code
  }

  /** What Redis has said of late instead of doing it, such as that it lets nobody in: words to end an error with. */
  get lately(): string {
    return this.#trouble.lately
  }

  /** What is called must not throw. */
  watch(listener: Listener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** To be done on every new connection before anybody else uses it. */
  onConnect(setup: () => Promise<void>): void {
    this.#setups.push(setup)
  }

  /**
   * Rejects when there is no connection at once, and is closed then. One that is open already, and has lost its connection,
   * waits for so many milliseconds till there is another, and goes on trying when it rejects.
   */
  open(patienceMs = openPatienceMs): Promise<void> {
    if (this.#state !== 'closed') return this.whenUp(patienceMs)
    this.#opening ??= this.#first(this.#closing.signal)
    return this.#opening
  }

  close(): void {
    this.#closing.abort()
    this.#closing = new AbortController()
    this.#opening = undefined
    this.#connection?.end(closed())
    if (this.#state === 'closed') return
    this.#up.reject(closed())
    this.#become('closed')
  }

  /** Resolves when there is a connection; rejects when there is none within so many milliseconds, or never will be. */
  async whenUp(timeoutMs?: number): Promise<void> {
    if (this.#state === 'open') return
    if (this.#state === 'closed') throw new CeleryError('CLOSED', 'The connection to Redis is not open.')
    if (timeoutMs === undefined) return await this.#up.promise
    await within(timeoutMs / 1_000, this.#up.promise, () => this.#trouble.unreachable())
  }

  /** Runs the script now. Rejects with `ConnectionLost`, or with an error that another try would not mend. */
  run(script: Script, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown> {
    return this.#commands.run(script, keys, args)
  }

  command(name: string, ...args: (string | number)[]): Promise<unknown> {
    return this.#commands.command(name, ...args)
  }

  /** As `command`, with texts as bytes. */
  bytes(name: string, ...args: (string | number)[]): Promise<unknown> {
    return this.#commands.bytes(name, ...args)
  }

  /**
   * What a script says of the items that it could not do: an error for each, by its place. Rejects with
   * `ConnectionLost` when another connection may do them.
   */
  refusals(
    reply: unknown,
    expectedAt: (place: number) => readonly Expected[],
  ): Promise<Map<number, Error> | undefined> {
    return this.#commands.refusals(reply, expectedAt)
  }

  /** Does `work` again over each new connection until it is done, for so many milliseconds; it must be safe to repeat. */
  async persist<T>(work: () => Promise<T>, timeoutMs: number): Promise<T> {
    const deadline = new Deadline(timeoutMs / 1_000)
    for (;;) {
      await this.whenUp(deadline.leftMs)
      try {
        return await within(deadline.left, work(), () => this.#trouble.unreachable())
      } catch (error) {
        if (!(error instanceof ConnectionLost)) throw error
        if (deadline.isOver) throw this.#trouble.unreachable(error)
      }
    }
  }

  get #living(): Connection | undefined {
    return this.#connection?.isLost ? undefined : this.#connection
  }

  async #first(closing: AbortSignal): Promise<void> {
    try {
      const connection = await this.#connect(closing)
      void this.#run(connection, closing)
    } catch (error) {
      if (closing.aborted) throw closed()
      this.#opening = undefined
      throw this.#trouble.unreachable(error)
    }
  }

  /** From the first connection on until the link is closed. */
  async #run(first: Connection, closing: AbortSignal): Promise<void> {
    let attempt = 0
    let connection: Connection | undefined = first
    do {
      if (connection) {
        const since = performance.now()
        this.#become('open')
        this.#up.resolve()
        const error = await connection.gone
        if (closing.aborted) return
        const { reason, isRefusal } = this.#trouble.lost(error)
        // A replica or a server that still loads takes connections, and then no commands.
        if (!isRefusal || performance.now() - since > goodAfter) attempt = 0
        this.#up = Promise.withResolvers()
        // There may be nobody who waits for it.
        this.#up.promise.catch(() => undefined)
        this.#become('reconnecting', reason)
      }
      if (!(await pause(backoff(attempt++), closing))) return
      connection = await this.#again(attempt, closing)
    } while (!closing.aborted)
  }

  async #again(attempt: number, closing: AbortSignal): Promise<Connection | undefined> {
    try {
      const connection = await this.#connect(closing)
      this.#trouble.over()
      return connection
    } catch (error) {
      if (!closing.aborted) this.#trouble.notYet(error, attempt)
      return undefined
    }
  }

  async #connect(closing: AbortSignal): Promise<Connection> {
    const connection = await connectTo({
      ...this.#options,
      onNeedlessPassword: () => this.#trouble.needlessPassword(),
    })
    try {
      if (closing.aborted) throw closed()
      this.#connection = connection
      // What takes the connection may have no server behind it, or one that is not ready.
      if (this.#state === 'reconnecting') await connection.client.ping()
      if (this.notices.isWanted) await this.notices.attach(connection)
      for (const setup of this.#setups) await setup()
      if (closing.aborted) throw closed()
      if (connection.isLost) throw new ConnectionLost('The connection was lost as soon as it was made')
      return connection
    } catch (error) {
      connection.end(error)
      throw error
    }
  }

  #become(state: BrokerState, error?: Error): void {
    this.#state = state
    for (const listener of [...this.#listeners]) listener(state, error)
  }
}

function closed(): CeleryError {
  return new CeleryError('CLOSED', 'The connection to Redis was closed.')
}
