import type { ChannelModel } from 'amqplib'
import { backoff } from '../../async/backoff.ts'
import { pause } from '../../async/pause.ts'
import { Seldom } from '../../async/seldom.ts'
import { reasonOf } from '../../errors.ts'
import { type Connection, connectTo, isLoginRefused } from './connect.ts'
import { closed } from './errors.ts'
import type { AmqpSettings } from './options.ts'
import type { AmqpServer } from './url.ts'

/** A connection or channel that lasted so many seconds was a good one: the pauses begin anew. */
export const goodAfter = 5

/**
 * A connection that is made again whenever it is lost. The client library could do that by itself, but then a frozen
 * connection would keep its socket, and closing would wait for it.
 */
export class Link {
  readonly #servers: AmqpServer[]
  readonly #settings: AmqpSettings
  readonly #name: string
  readonly #onChange: (error?: Error) => void
  readonly #stopping = new AbortController()
  readonly #whenUnblocked: (() => void)[] = []
  #current: Connection | undefined
  #next = Promise.withResolvers<ChannelModel>()
  #starting: Promise<void> | undefined
  #running: Promise<void> | undefined
  #turn = 0
  #failure: unknown
  /** Errors in the log that RabbitMQ refuses the login. */
  readonly #refusals = new Seldom()

  constructor(
    servers: AmqpServer[],
    settings: AmqpSettings,
    name: string,
    onChange: (error?: Error) => void,
  ) {
    this.#servers = servers
    this.#settings = settings
    this.#name = name
    this.#onChange = onChange
    this.#next.promise.catch(ignore)
  }

  get isStarted(): boolean {
    return this.#starting !== undefined
  }

  get isConnected(): boolean {
    return this.#current !== undefined
  }

  /** Why nothing is done here now: the last try to connect again has failed, or RabbitMQ reads no further. */
  get failure(): unknown {
    return this.isBlocked ? new Error('it is short of memory or disk') : this.#failure
  }

  get isBlocked(): boolean {
    return this.#current?.isBlocked() ?? false
  }

  /** Calls it whenever RabbitMQ, short of memory or disk before, reads from the connection again. */
  onUnblocked(then: () => void): void {
    this.#whenUnblocked.push(then)
  }

  /** Resolves when the first connection is made; rejects when none of the servers answers. */
  start(): Promise<void> {
    this.#starting ??= this.#first()
    return this.#starting
  }

  /** The connection there is, or the next. Rejects when the link is stopped. */
  async connected(): Promise<ChannelModel> {
    return this.#current?.model ?? this.#next.promise
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    this.#next.reject(closed())
    await this.#starting?.catch(ignore)
    await this.#current?.close()
    await this.#running
  }

  async #first(): Promise<void> {
    let connected: Connection | undefined
    for (let tried = 1; !connected; tried++) {
      try {
        connected = await this.#connect()
      } catch (error) {
        if (tried >= this.#servers.length || this.#stopping.signal.aborted) {
          this.#starting = undefined
          throw error
        }
      }
    }
    if (this.#stopping.signal.aborted) {
      await connected.close()
      throw closed()
    }
    this.#running = this.#run(connected)
  }

  async #run(first: Connection): Promise<void> {
    let attempt = 0
    for (let connected: Connection | undefined = first; connected; connected = await this.#again(attempt)) {
      const since = performance.now()
      this.#use(connected)
      const error = await connected.gone
      this.#current = undefined
      this.#next = Promise.withResolvers()
      this.#next.promise.catch(ignore)
      if (this.#stopping.signal.aborted) {
        this.#next.reject(closed())
        return
      }
      this.#settings.log.warn(
        { reason: reasonOf(error) },
        `the connection to RabbitMQ (${this.#name}) was lost`,
      )
      this.#onChange(error)
      attempt = performance.now() - since > goodAfter * 1_000 ? 0 : attempt + 1
    }
  }

  #use(connected: Connection): void {
    this.#current = connected
    this.#failure = undefined
    this.#refusals.over()
    connected.model.on('unblocked', () => {
      for (const then of this.#whenUnblocked) then()
    })
    this.#next.resolve(connected.model)
    this.#onChange()
  }

  async #again(begin: number): Promise<Connection | undefined> {
    for (let attempt = begin; await pause(backoff(attempt), this.#stopping.signal); attempt++) {
      try {
        const connected = await this.#connect()
        if (!this.#stopping.signal.aborted) return connected
        await connected.close()
      } catch (error) {
        this.#failure = error
        this.#tell({ reason: reasonOf(error), attempt }, isLoginRefused(error))
      }
    }
    return undefined
  }

  #tell(fields: { reason: string; attempt: number }, isRefusal: boolean): void {
    const { log } = this.#settings
    if (!isRefusal || !this.#refusals.isDue()) {
      log.debug(fields, 'RabbitMQ does not answer yet')
      return
    }
    log.error(fields, `RabbitMQ refuses the connection (${this.#name}): it is tried again`)
  }

  #connect(): Promise<Connection> {
    const server = this.#servers[this.#turn++ % this.#servers.length]
    if (!server) throw closed()
    return connectTo(server, this.#settings, this.#name)
  }
}

function ignore(): void {
  // Told elsewhere to those who wait.
}
