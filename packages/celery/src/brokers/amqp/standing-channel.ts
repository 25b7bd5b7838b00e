import type { Channel, ChannelModel } from 'amqplib'
import { backoff } from '../../async/backoff.ts'
import { pause } from '../../async/pause.ts'
import { atMost } from '../../async/within.ts'
import { CeleryError, reasonOf } from '../../errors.ts'
import type { Log } from '../../log.ts'
import { closed, unavailable } from './errors.ts'
import { goodAfter, type Link } from './link.ts'

/** Seconds for RabbitMQ's answer to the closing of a channel. */
const closeTimeout = 10

export interface StandingOptions<C extends Channel> {
  /** What it is for, in logs. */
  name: string
  log: Log
  open(model: ChannelModel): Promise<C>
  /** What is to be done with every new channel: declare, consume. When it rejects, a new channel is made for the next try. */
  setUp(channel: C): Promise<void>
  /** The channel is gone; with an error when RabbitMQ closed it for something that was done on it. */
  lost?(error: Error | undefined): void
}

/** A channel that is opened again whenever it is closed, by a lost connection or by RabbitMQ. */
export class StandingChannel<C extends Channel> {
  readonly #link: Pick<Link, 'connected'>
  readonly #options: StandingOptions<C>
  readonly #stopping = new AbortController()
  #current: C | undefined

  constructor(link: Pick<Link, 'connected'>, options: StandingOptions<C>) {
    this.#link = link
    this.#options = options
  }

  /** Resolves when the channel is set up for the first time, and rejects when that fails. */
  start(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    void this.#run(resolve, reject)
    return promise
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    if (this.#current) await closeChannel(this.#current)
  }

  async #run(ready: () => void, failed: (error: unknown) => void): Promise<void> {
    let wasReady = false
    for (let attempt = 0; !this.#stopping.signal.aborted; attempt++) {
      let since = Number.POSITIVE_INFINITY
      try {
        await this.#live(() => {
          wasReady = true
          since = performance.now()
          ready()
        })
      } catch (error) {
        if (!wasReady || this.#stopping.signal.aborted) return failed(error)
        const { log, name } = this.#options
        log.warn({ reason: reasonOf(error), attempt }, `the channel of ${name} could not be set up again`)
      }
      if (performance.now() - since > goodAfter * 1_000) attempt = 0
      await pause(backoff(attempt), this.#stopping.signal)
    }
    // Stopped before it was set up.
    if (!wasReady) failed(closed())
  }

  /** One channel, from its opening to its end. */
  async #live(ready: () => void): Promise<void> {
    const model = await this.#link.connected()
    const channel = await this.#options.open(model)
    const { promise: gone, resolve } = Promise.withResolvers<void>()
    let failure: Error | undefined
    let isGone = false
    channel.on('error', (error) => {
      failure = error
    })
    channel.on('close', () => {
      isGone = true
      this.#lost(failure)
      resolve()
    })
    try {
      await this.#options.setUp(channel)
    } catch (error) {
      await closeChannel(channel)
      throw error instanceof CeleryError ? error : (failure ?? error)
    }
    if (isGone) throw failure ?? unavailable(`The channel of ${this.#options.name} was closed at once`)
    this.#current = channel
    if (this.#stopping.signal.aborted) await closeChannel(channel)
    else ready()
    await gone
  }

  #lost(error: Error | undefined): void {
    const wasSetUp = this.#current !== undefined
    this.#current = undefined
    const { log, name, lost } = this.#options
    // What was refused as it was set up is told to who wants it, or logged as that.
    if (error && wasSetUp) log.warn({ reason: reasonOf(error) }, `RabbitMQ closed the channel of ${name}`)
    lost?.(error)
  }
}

/**
 * Closes it. The library would wait for RabbitMQ's answer for ever when the connection is lost meanwhile.
 */
export async function closeChannel(channel: Channel): Promise<void> {
  const { promise: gone, resolve } = Promise.withResolvers<void>()
  channel.once('close', resolve)
  try {
    await atMost(closeTimeout, Promise.race([channel.close(), gone]))
  } catch {
    // It was closed already, or its connection is gone.
  } finally {
    channel.off('close', resolve)
  }
}
