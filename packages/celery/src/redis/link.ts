import type { Redis } from 'ioredis'
import { backoff } from '../async/backoff.ts'
import { timerOf } from '../async/timer.ts'
import { within } from '../async/within.ts'
import type { BrokerState } from '../brokers/port.ts'
import { CeleryError, type ErrorCode } from '../errors.ts'
import type { Log } from '../log.ts'
import { Notices } from './notices.ts'
import { ConnectionLost, explainFailure, isMissingScript, refusals, replyError } from './replies.ts'
import type { Script } from './script.ts'
import { connectClient, type Session } from './session.ts'
import type { RedisTarget } from './target.ts'
import { type Expected, expectedOf, explainWrongType, isWrongType, kindOf } from './wrong-type.ts'

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

/** Where Redis has refused commands: a connection that lasted so many milliseconds was a good one for a time. */
const goodAfter = 5_000
/** Milliseconds for which the last such refusal may be why something is late: longer than between two tries. */
const recent = 60_000

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
  #state: BrokerState = 'closed'
  #session: Session | undefined
  #opening: Promise<void> | undefined
  #up = Promise.withResolvers<void>()
  #retry: NodeJS.Timeout | undefined
  #heartbeat: NodeJS.Timeout | undefined
  #failures = 0
  #upSince = 0
  #refusal: { reason: string; at: number } | undefined
  #saidNeedless = false
  /** Grows with every closing, so that a connection that was begun before is not used after. */
  #epoch = 0

  constructor(options: LinkOptions) {
    this.#options = options
    this.notices = new Notices(() => this.#session, options)
    this.#up.promise.catch(() => undefined)
  }

  get state(): BrokerState {
    return this.#state
  }

  get code(): LinkOptions['code'] {
    return this.#options.code
  }

  /** What Redis has said of late instead of doing it, such as that it lets nobody in: words to end an error with. */
  get lately(): string {
    const { reason, at } = this.#refusal ?? { reason: '', at: Number.NEGATIVE_INFINITY }
    return performance.now() - at < recent ? ` (its last answer: ${reason.replace(/\.$/, '')})` : ''
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

  open(): Promise<void> {
    if (this.#state !== 'closed') return this.#opening ?? this.whenUp()
    this.#opening ??= this.#openOnce()
    return this.#opening
  }

  close(): void {
    this.#epoch += 1
    this.#opening = undefined
    clearTimeout(this.#retry)
    clearInterval(this.#heartbeat)
    const session = this.#session
    this.#session = undefined
    if (session) this.#end(session)
    if (this.#state === 'closed') return
    this.#up.reject(new CeleryError('CLOSED', 'The connection to Redis was closed.'))
    this.#up = Promise.withResolvers()
    this.#up.promise.catch(() => undefined)
    this.#become('closed')
  }

  /** Resolves when there is a connection; rejects when there is none within so many milliseconds, or never will be. */
  async whenUp(timeoutMs?: number): Promise<void> {
    if (this.#state === 'open') return
    if (this.#state === 'closed') throw new CeleryError('CLOSED', 'The connection to Redis is not open.')
    if (timeoutMs === undefined) return await this.#up.promise
    await within(timeoutMs / 1_000, this.#up.promise, () => this.#unreachable(undefined))
  }

  /** Runs the script now. Rejects with `ConnectionLost`, or with an error that another try would not mend. */
  run(script: Script, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown> {
    const session = this.#session
    if (!session) return Promise.reject(new ConnectionLost('There is no connection to Redis'))
    return session.commands
      .evalsha(script.sha, keys.length, ...keys, ...args)
      .catch((error: unknown) => {
        if (!isMissingScript(error)) throw error
        return session.commands.eval(script.lua, keys.length, ...keys, ...args)
      })
      .catch((error: unknown) => this.#failed(session, error, expectedOf(script, keys)))
  }

  command(name: string, ...args: (string | number)[]): Promise<unknown> {
    const session = this.#session
    if (!session) return Promise.reject(new ConnectionLost('There is no connection to Redis'))
    const expected = { key: String(args[0]), kind: kindOf(name) }
    return session.commands
      .call(name, ...args)
      .catch((error: unknown) => this.#failed(session, error, [expected]))
  }

  /** As `command`, with texts as bytes. */
  bytes(name: string, ...args: (string | number)[]): Promise<unknown> {
    const session = this.#session
    if (!session) return Promise.reject(new ConnectionLost('There is no connection to Redis'))
    return session.commands.callBuffer(name, ...args).catch((error: unknown) => this.#failed(session, error))
  }

  /** What a script says of the items that it could not do: an error for each, by its place. */
  async refusals(
    reply: unknown,
    expectedAt: (place: number) => readonly Expected[],
  ): Promise<Map<number, Error> | undefined> {
    const refused = refusals(reply)
    if (refused.length === 0) return undefined
    const errors = refused.map(async ([place, message]): Promise<[number, Error]> => {
      const reason = await this.#explain(this.#session, replyError(message), expectedAt(place))
      if (reason instanceof CeleryError) return [place, reason]
      return [place, new CeleryError(this.#options.code, `Redis refused it: ${message}`)]
    })
    return new Map(await Promise.all(errors))
  }

  /** Does `work` again over each new connection until it is done, for so many milliseconds; it must be safe to repeat. */
  async persist<T>(work: () => Promise<T>, timeoutMs: number): Promise<T> {
    const deadline = performance.now() + timeoutMs
    const left = () => Math.max(0, deadline - performance.now())
    for (;;) {
      await this.whenUp(left())
      try {
        return await within(left() / 1_000, work(), () => this.#unreachable(undefined))
      } catch (error) {
        if (!(error instanceof ConnectionLost)) throw error
        if (performance.now() >= deadline) throw this.#unreachable(error)
      }
    }
  }

  async #openOnce(): Promise<void> {
    const epoch = this.#epoch
    try {
      await this.#connect()
    } catch (error) {
      throw this.#unreachable(error)
    } finally {
      if (epoch === this.#epoch) this.#opening = undefined
    }
  }

  async #connect(): Promise<void> {
    const epoch = this.#epoch
    const session = await this.#begin()
    try {
      this.#refuseStale(epoch)
      this.#session = session
      this.notices.connectBy(() => this.#client((error) => this.#lose(session, error)))
      // What takes the connection may have no server behind it, or one that is not ready.
      if (this.#state === 'reconnecting') await session.commands.ping()
      if (this.notices.isWanted) await this.notices.attach(session)
      for (const setup of this.#setups) await setup()
      this.#refuseStale(epoch)
      if (session.isLost) throw new ConnectionLost('The connection was lost as soon as it was made')
    } catch (error) {
      if (this.#session === session) this.#session = undefined
      this.#end(session)
      throw error
    }
    this.#upSince = performance.now()
    this.#heartbeat = setInterval(() => this.#beat(session), timerOf(this.#options.commandTimeout)).unref()
    this.#become('open')
    this.#up.resolve()
  }

  #refuseStale(epoch: number): void {
    if (epoch !== this.#epoch) throw new CeleryError('CLOSED', 'The connection to Redis was closed.')
  }

  async #begin(): Promise<Session> {
    let session: Session | undefined
    const commands = await this.#client((error) => session && this.#lose(session, error))
    session = { commands, subscriber: undefined, subscriberId: undefined, isTracking: false, isLost: false }
    return session
  }

  #client(onLost: (error: Error) => void): Promise<Redis> {
    const { target, connectTimeout, commandTimeout } = this.#options
    return connectClient(target, {
      connectTimeout: timerOf(connectTimeout),
      commandTimeout: timerOf(commandTimeout),
      onLost,
      onNeedlessPassword: () => this.#sayNeedless(),
    })
  }

  async #failed(session: Session, error: unknown, expected: readonly Expected[] = []): Promise<never> {
    const reason = await this.#explain(session, error, expected)
    if (reason instanceof ConnectionLost) this.#lose(session, reason)
    throw reason
  }

  async #explain(
    session: Session | undefined,
    error: unknown,
    expected: readonly Expected[],
  ): Promise<ConnectionLost | CeleryError> {
    if (!session || !isWrongType(error)) return this.#explained(error)
    return await explainWrongType(session.commands, expected).catch((failed: unknown) =>
      this.#explained(failed),
    )
  }

  #explained(error: unknown): ConnectionLost | CeleryError {
    return explainFailure(error, this.#options.code)
  }

  /** A connection that is silent is asked whether it lives: what freezes closes nothing. */
  #beat(session: Session): void {
    const ping = (client: Redis) => client.ping()
    Promise.all([ping(session.commands), session.subscriber?.then(ping)]).catch((error: unknown) =>
      this.#lose(session, this.#explained(error)),
    )
  }

  #lose(session: Session, error: Error): void {
    if (session.isLost) return
    this.#end(session)
    if (this.#session !== session) return
    this.#session = undefined
    if (this.#state !== 'open') return
    clearInterval(this.#heartbeat)
    // A replica or a server that still loads takes connections, and then no commands.
    this.#refusal = undefined
    if (!this.#isRefusal(error) || performance.now() - this.#upSince > goodAfter) this.#failures = 0
    this.#up = Promise.withResolvers()
    this.#up.promise.catch(() => undefined)
    const reason = this.#explained(error)
    const { log } = this.#options
    log.warn({ reason: reason.message }, `the connection to Redis (${this.#address}) was lost`)
    this.#become('reconnecting', reason)
    this.#connectLater()
  }

  #connectLater(): void {
    const pause = backoff(this.#failures++)
    this.#retry = setTimeout(() => {
      this.#connect().then(
        () => this.#options.log.info({}, `there is a connection to Redis (${this.#address}) again`),
        (error: unknown) => this.#failedAgain(this.#explained(error)),
      )
    }, pause * 1_000)
  }

  #failedAgain(reason: ConnectionLost | CeleryError): void {
    if (this.#state !== 'reconnecting') return
    this.#isRefusal(reason)
    // What Redis refuses, time alone does not mend.
    const level = reason instanceof CeleryError ? 'error' : 'debug'
    const fields = { reason: reason.message, attempt: this.#failures }
    this.#options.log[level](fields, 'Redis cannot be reached yet')
    this.#connectLater()
  }

  /** Such an answer is remembered. */
  #isRefusal(error: Error): boolean {
    if (!(error instanceof CeleryError || (error instanceof ConnectionLost && error.isRefusal))) return false
    this.#refusal = { reason: error.message, at: performance.now() }
    return true
  }

  #sayNeedless(): void {
    if (this.#saidNeedless) return
    this.#saidNeedless = true
    this.#options.log.warn({ address: this.#address }, 'Redis asks for no password, though one was given')
  }

  #end(session: Session): void {
    session.isLost = true
    session.commands.disconnect()
    session.subscriber?.then(
      (client) => client.disconnect(),
      () => undefined,
    )
  }

  #become(state: BrokerState, error?: Error): void {
    this.#state = state
    for (const listener of [...this.#listeners]) listener(state, error)
  }

  #unreachable(error: unknown): Error {
    const reason = error === undefined ? undefined : this.#explained(error)
    if (reason instanceof CeleryError) return reason
    const why = error instanceof Error ? `: ${error.message}` : ` in time${this.lately}`
    const message = `Redis at ${this.#address} could not be reached${why}. Safe to try again.`
    return new CeleryError(this.#options.code, message)
  }

  get #address(): string {
    const { host, port, path } = this.#options.target
    return path ?? `${host}:${port}`
  }
}
