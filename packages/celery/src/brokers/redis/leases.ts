import { timerOf } from '../../async/timer.ts'
import type { Log } from '../../log.ts'
import type { RedisLink } from '../../redis/link.ts'
import { strings } from '../../redis/replies.ts'
import type { RedisDelivery } from './delivery.ts'
import type { BrokerKeys } from './keys.ts'
import { findAbandoned, holdOn } from './lease-scripts.ts'
import { type Restorer, readHeld } from './restorer.ts'

export interface LeaseOptions {
  link: RedisLink
  keys: BrokerKeys
  restorer: Restorer
  /** All that this worker holds. */
  held(): RedisDelivery[]
  /** Seconds. */
  leaseTimeout: number
  visibilityTimeout: number
  log: Log
}

/** Tags told of in one step; messages looked at, and put back, in one step. */
const [perStep, lookedAt, putBack] = [1_000, 1_000, 50]

/**
 * Keeps this worker's messages its own, however long their tasks take, and puts back those whose worker has died.
 * A message's score in kombu's `unacked_index` says when its holder was last heard of: for Python that is when it was
 * taken, and it is abandoned after the visibility timeout; this package tells it again and again, so that the loss
 * of a worker is seen within its lease and neither Python's sweep nor its own takes what is still held.
 */
export class Leases {
  readonly #options: LeaseOptions
  #timers: NodeJS.Timeout[] = []

  constructor(options: LeaseOptions) {
    this.#options = options
  }

  start(): void {
    if (this.#timers.length > 0) return
    const { leaseTimeout, visibilityTimeout } = this.#options
    const shorter = Math.min(leaseTimeout, visibilityTimeout)
    const sweepEvery = Math.min(15, Math.max(0.25, shorter / 4))
    this.#timers = [
      setInterval(() => this.#try('holding on to messages', () => this.holdOn()), timerOf(shorter / 3)),
      setInterval(
        () => this.#try('looking for abandoned messages', () => this.#sweep(sweepEvery)),
        sweepEvery * 1_000,
      ),
    ]
  }

  stop(): void {
    for (const timer of this.#timers) clearInterval(timer)
    this.#timers = []
  }

  /** Tells Redis what is held. What could not be told in time is given up: somebody else may have it. */
  async holdOn(): Promise<void> {
    const { link, keys, restorer, held } = this.#options
    const now = performance.now()
    const overdue = held().filter((delivery) => delivery.isOverdue(now))
    for (const delivery of overdue) delivery.giveUp()
    const kept = held()
    for (let i = 0; i < kept.length; i += perStep) {
      const some = kept.slice(i, i + perStep)
      const toldAt = performance.now()
      const tags = some.map(({ tag }) => tag)
      const gone = new Set(strings(await link.run(holdOn, [keys.unackedIndex], tags)))
      for (const delivery of some) {
        // One that was settled meanwhile is gone too, and nobody asks any more whether it is lost.
        if (gone.has(delivery.tag)) delivery.giveUp()
        else delivery.heldAt = toldAt
      }
    }
    if (overdue.length > 0) await restorer.putBack(overdue.map(({ tag }) => tag))
  }

  /** Of those with the same timeouts one worker at a time looks. */
  async #sweep(every: number): Promise<void> {
    const { link, keys, restorer, leaseTimeout, visibilityTimeout, log } = this.#options
    const turn = keys.own(`sweeper:${leaseTimeout}:${visibilityTimeout}`)
    const mine = await link.command('SET', turn, '1', 'NX', 'PX', Math.ceil(every * 900))
    if (mine !== 'OK') return
    const shortest = Math.min(leaseTimeout, visibilityTimeout)
    let restored = 0
    for (let offset = 0; ; ) {
      const args = [shortest, visibilityTimeout, offset, lookedAt, putBack]
      const reply = await link.run(findAbandoned, [keys.unacked, keys.unackedIndex], args)
      const [looked, ...found] = Array.isArray(reply) ? reply : [0]
      const back = await restorer.restore(readHeld(found))
      restored += back
      offset += Number(looked) - back
      if (Number(looked) === 0) break
    }
    if (restored > 0) log.warn({ messages: restored }, 'Messages of workers that are gone were put back')
  }

  #try(what: string, work: () => Promise<void>): void {
    if (this.#options.link.state !== 'open') return
    work().catch((error: unknown) => {
      if (this.#options.link.state === 'open') this.#options.log.error({ err: error }, `${what} failed`)
    })
  }
}
