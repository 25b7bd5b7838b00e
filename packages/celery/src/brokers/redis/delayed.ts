import { Signal } from '../../async/signal.ts'
import type { Log } from '../../log.ts'
import type { RedisLink } from '../../redis/link.ts'
import { ConnectionLost, strings } from '../../redis/replies.ts'
import type { BrokerKeys } from './keys.ts'
import { logRefused } from './restorer.ts'
import { moveDue } from './scripts.ts'

/** Messages moved in one step; seconds after which to look in any case. */
const [perStep, longest] = [100, 1]

/**
 * Moves messages to their queues when they are due: those of every queue of the broker, whoever parked them and
 * whether this worker consumes them or not, so that they come as long as any worker of this package runs.
 */
export class DelayedMover {
  readonly #link: RedisLink
  readonly #keys: BrokerKeys
  readonly #log: Log
  readonly #call = new Signal()
  #silence: (() => void) | undefined

  constructor(link: RedisLink, keys: BrokerKeys, log: Log) {
    this.#link = link
    this.#keys = keys
    this.#log = log
  }

  start(): void {
    if (this.#silence) return
    this.#silence = this.#link.notices.ring([this.#keys.delayedHead], () => this.#call.set())
    void this.#run(this.#silence)
  }

  /** What was told before is of no more worth. */
  look(): void {
    this.#call.set()
  }

  stop(): void {
    this.#silence?.()
    this.#silence = undefined
    this.#call.set()
  }

  async #run(silence: () => void): Promise<void> {
    while (this.#silence === silence) {
      try {
        await this.#link.whenUp()
        this.#call.clear()
        const idle = await this.#move()
        if (idle > 0) await this.#call.wait(idle)
      } catch (error) {
        if (this.#link.state === 'closed') return
        if (error instanceof ConnectionLost) continue
        this.#log.error({ err: error }, 'Moving messages that are due failed')
        await this.#call.wait(longest)
      }
    }
  }

  /** Returns for how many seconds there is nothing to do. */
  async #move(): Promise<number> {
    const keys = [this.#keys.delayed, this.#keys.delayedMessages, this.#keys.delayedHead]
    const reply = await this.#link.run(moveDue, keys, [perStep])
    const [moved, next, refused] = Array.isArray(reply) ? reply : []
    logRefused(this.#log, strings(refused))
    if (moved === perStep) return 0
    return typeof next !== 'number' || next < 0 ? longest : Math.min(longest, next / 1_000)
  }
}
