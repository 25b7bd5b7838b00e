import type { Channel, ChannelModel } from 'amqplib'
import { Deadline } from '../../async/deadline.ts'
import { within } from '../../async/within.ts'
import { CeleryError } from '../../errors.ts'
import { isUnsendable, replyCode, unavailable } from './errors.ts'
import type { Link } from './link.ts'
import { closeChannel } from './standing-channel.ts'

/** How often something is tried again because its connection was lost meanwhile. */
const mostAttempts = 10

/**
 * A channel for questions and declarations, one at a time: RabbitMQ closes a channel on which it refuses something,
 * and nothing else is to suffer by that.
 */
export class Admin {
  readonly #link: Pick<Link, 'connected' | 'failure'>
  #channel: Channel | undefined
  #opening: Promise<Channel> | undefined
  #last: Promise<unknown> = Promise.resolve()

  constructor(link: Pick<Link, 'connected' | 'failure'>) {
    this.#link = link
  }

  /**
   * Runs `work` once those before it are done. When the connection is lost meanwhile it is run again on the next one.
   * `timeout` is in seconds.
   */
  run<T>(work: (channel: Channel) => Promise<T>, timeout = 10): Promise<T> {
    const deadline = new Deadline(timeout)
    const givenUp = new AbortController()
    const giveUp = () => {
      givenUp.abort()
      this.#throwAway()
      return tooLate(this.#link.failure)
    }
    const result = this.#last.then(() => {
      // Those before it took all the time: nothing of it was asked, and nothing is to be done any more.
      if (deadline.isOver) throw tooLate(this.#link.failure)
      return within(deadline.left, this.#attempt(work, givenUp.signal), giveUp)
    })
    this.#last = result.catch(() => {})
    return result
  }

  async #attempt<T>(work: (channel: Channel) => Promise<T>, givenUp: AbortSignal): Promise<T> {
    for (let attempt = 0; ; attempt++) {
      const model = await this.#link.connected()
      let channel: Channel | undefined
      try {
        channel = await this.#open(model)
        if (givenUp.aborted) throw tooLate()
        return await work(channel)
      } catch (error) {
        if (isUnsendable(error)) {
          this.#throwAway()
          throw error
        }
        const isStillOpen = channel !== undefined && this.#channel === channel
        if (isStillOpen || wasAnswered(error) || attempt === mostAttempts) throw error
      }
    }
  }

  /**
   * One at a time, whoever asked for it: RabbitMQ that reads no further answers to none, and each would be one fewer of
   * the channels that a connection has.
   */
  async #open(model: ChannelModel): Promise<Channel> {
    if (this.#channel) return this.#channel
    this.#opening ??= this.#openNext(model)
    return this.#opening
  }

  async #openNext(model: ChannelModel): Promise<Channel> {
    try {
      const channel = await model.createChannel()
      channel.on('error', () => {
        // What was asked rejects with it.
      })
      channel.on('close', () => {
        if (this.#channel === channel) this.#channel = undefined
      })
      this.#channel = channel
      return channel
    } finally {
      this.#opening = undefined
    }
  }

  /** Whatever is on its way there is not waited for any more, and what comes next gets a new channel. */
  #throwAway(): void {
    const channel = this.#channel
    this.#channel = undefined
    if (channel) void closeChannel(channel)
  }
}

/** RabbitMQ itself has said no: asking again would not help. */
function wasAnswered(error: unknown): boolean {
  return replyCode(error instanceof CeleryError ? error.cause : error) !== undefined
}

function tooLate(failure?: unknown): CeleryError {
  return unavailable('RabbitMQ did not answer in time', failure)
}
