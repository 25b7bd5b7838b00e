import type { Options } from 'amqplib'
import { Deadline } from '../../async/deadline.ts'
import { within } from '../../async/within.ts'
import type { Admin } from './admin.ts'
import { delayBits, delayedKey, delayedLevel, delaySeconds } from './delay-key.ts'
import { bindToDelivery, checkDelivery, declareDelayLevels } from './delay-topology.ts'
import { replyCode, unavailable } from './errors.ts'
import type { Link } from './link.ts'
import type { Publisher } from './publisher.ts'

/** Seconds that the declaration of all levels may take the first time: 28 quorum queues on a busy cluster. */
const declareTimeout = 60

/** Queues that are remembered as bound: more than a program has. */
const mostBound = 10_000

/** Parks messages at RabbitMQ. The levels are declared when the first is parked. */
export class Delays {
  readonly #publisher: Pick<Publisher, 'publish'>
  readonly #admin: Pick<Admin, 'run'>
  readonly #link: Pick<Link, 'failure'>
  readonly #queueType: 'quorum' | 'classic'
  readonly #bound = new Map<string, Promise<void>>()
  #levels: Promise<void> | undefined

  constructor(
    publisher: Pick<Publisher, 'publish'>,
    admin: Pick<Admin, 'run'>,
    link: Pick<Link, 'failure'>,
    queueType: 'quorum' | 'classic',
  ) {
    this.#publisher = publisher
    this.#admin = admin
    this.#link = link
    this.#queueType = queueType
  }

  /** The connection was lost: RabbitMQ may come back without what was declared. */
  forget(): void {
    this.#bound.clear()
    this.#levels = undefined
  }

  /**
   * Resolves when RabbitMQ has the message, which comes to the queue `until` then, or a second before; `timeout` is in
   * seconds, and `untilKnown` as for the publisher.
   */
  async park(
    queue: string,
    until: Date,
    body: Buffer,
    options: Options.Publish,
    timeout: number,
    untilKnown = false,
  ): Promise<void> {
    const endless = withoutEnd(options)
    if (until.getTime() <= Date.now())
      return this.#publisher.publish('', queue, body, endless, timeout, untilKnown)
    const deadline = new Deadline(timeout)
    // What others wait for too goes on.
    await within(timeout, this.#prepare(queue), () =>
      unavailable('RabbitMQ could not be reached in time', this.#link.failure),
    )
    const key = () => delayedKey(delaySeconds(until, Date.now()), queue)
    const first = delayedLevel(delayBits - 1)
    return this.#publisher.publish(first, key, body, endless, deadline.left, untilKnown)
  }

  /**
   * To be called when a queue is consumed, as it may have been made anew: RabbitMQ deletes the binding with the queue,
   * and what is parked for it would then come to nobody.
   */
  async serve(queue: string, admin: Pick<Admin, 'run'>): Promise<void> {
    this.#bound.delete(queue)
    try {
      await admin.run(async (channel) => {
        await checkDelivery(channel)
        await bindToDelivery(channel, queue)
      })
    } catch (error) {
      // Nothing was ever parked here; who parks the first message binds its queue.
      if (replyCode(error) !== 404) throw error
    }
  }

  async #prepare(queue: string): Promise<void> {
    this.#levels ??= this.#once(
      (channel) => declareDelayLevels(channel, this.#queueType),
      () => {
        this.#levels = undefined
      },
    )
    await this.#levels
    let bound = this.#bound.get(queue)
    if (!bound) {
      bound = this.#once(
        (channel) => bindToDelivery(channel, queue),
        () => this.#bound.delete(queue),
      )
      if (this.#bound.size >= mostBound) this.#bound.clear()
      this.#bound.set(queue, bound)
    }
    await bound
  }

  #once(work: Parameters<Admin['run']>[0], forget: () => void): Promise<void> {
    const done = this.#admin.run(work, declareTimeout).then(() => {})
    done.catch(forget)
    return done
  }
}

/** Parked messages must not run out where they wait: `expires` in the headers still tells the worker. */
function withoutEnd({ expiration: _, ...options }: Options.Publish): Options.Publish {
  return options
}
