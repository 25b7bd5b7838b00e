import { Signal } from '../../async/signal.ts'
import type { Log } from '../../log.ts'
import type { RedisLink } from '../../redis/link.ts'
import { ConnectionLost, strings } from '../../redis/replies.ts'
import { type Bindings, temporaryBinding } from './bindings.ts'
import type { BrokerKeys } from './keys.ts'
import { takeForGood } from './scripts.ts'

export interface ReplyQueueOptions {
  link: RedisLink
  keys: BrokerKeys
  bindings: Bindings
  log: Log
  queue: string
  exchange: string
  routingKey: string
  onText(text: string): void
}

/** Messages taken in one step; seconds after which to look in any case. */
const [perStep, lookAgain] = [100, 1]

/** A queue that ends with its process, bound to a direct exchange: how kombu carries replies of remote control. */
export class ReplyQueue {
  readonly #options: ReplyQueueOptions
  readonly #lists: string[]
  readonly #call = new Signal()
  #silence: (() => void) | undefined
  #renewal: NodeJS.Timeout | undefined

  constructor(options: ReplyQueueOptions) {
    this.#options = options
    this.#lists = options.keys.lists(options.queue)
  }

  /** Safe to repeat after it failed. Does nothing any more when it was stopped meanwhile. */
  async start(): Promise<void> {
    const { link, log } = this.#options
    const silence = this.#silence ?? link.notices.ring(this.#lists, () => this.#call.set())
    this.#silence = silence
    await link.notices.attach()
    await this.bind()
    if (this.#silence !== silence) return
    const renew = () => this.bind().catch((error: unknown) => log.debug({ err: error }, 'Binding failed'))
    this.#renewal = setInterval(renew, temporaryBinding / 3).unref()
    void this.#run(silence)
  }

  async bind(): Promise<void> {
    const { bindings, queue, exchange, routingKey } = this.#options
    await bindings.bindTemporarily(queue, exchange, routingKey)
  }

  /** What Redis does not hear of this ends by itself. */
  async stop(): Promise<void> {
    if (!this.#silence) return
    this.#silence()
    this.#silence = undefined
    clearInterval(this.#renewal)
    this.#call.set()
    const { link, log, bindings, queue, exchange, routingKey } = this.#options
    if (link.state !== 'open') return
    try {
      await bindings.unbind(queue, exchange, routingKey)
      await link.command('UNLINK', ...this.#lists)
    } catch (error) {
      log.debug({ err: error, queue }, 'A reply queue is left to expire')
    }
  }

  async #run(silence: () => void): Promise<void> {
    const { link, log, onText } = this.#options
    while (this.#silence === silence) {
      try {
        await link.whenUp()
        this.#call.clear()
        const texts = strings(await link.run(takeForGood, this.#lists, [perStep]))
        for (const text of texts) onText(text)
        if (texts.length < perStep) await this.#call.wait(lookAgain)
      } catch (error) {
        if (link.state === 'closed') return
        if (error instanceof ConnectionLost) continue
        log.error({ err: error, queue: this.#options.queue }, 'Redis refuses to give replies; trying again')
        await this.#call.wait(lookAgain)
      }
    }
  }
}
