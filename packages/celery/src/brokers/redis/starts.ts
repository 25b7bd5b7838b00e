import { count } from '../../redis/count.ts'
import type { RedisLink } from '../../redis/link.ts'
import type { RedisDelivery } from './delivery.ts'
import type { BrokerKeys } from './keys.ts'
import { uncountStart } from './scripts.ts'

/** Seconds that beginnings are counted: a message that is not redelivered for a day has been settled. */
const remembered = 86_400
/** Seconds that it is known after the last attempt that a delivery was counted. */
const markSeconds = 60

/**
 * How often a message was begun: a count beside it under the tag that its sender gave it, which stays the same
 * however often it is delivered. Only redelivered messages are counted, so that others cost nothing.
 */
export class Starts {
  readonly #link: RedisLink
  readonly #keys: BrokerKeys

  constructor(link: RedisLink, keys: BrokerKeys) {
    this.#link = link
    this.#keys = keys
  }

  /** @param patienceMs for which a lost connection is waited out */
  async count(delivery: RedisDelivery, patienceMs: number): Promise<number | undefined> {
    const key = this.#keyOf(delivery)
    if (key === undefined || delivery.isCounted) return undefined
    // An answer that was lost makes it ask again, but never count twice.
    const keys = [key, this.#keys.own(`counted:${delivery.tag}`)]
    const args = [1, remembered, Math.ceil(patienceMs / 1_000) + markSeconds]
    // This one is counted, and the first, which was not redelivered, is not.
    const before = await this.#link.persist(() => this.#link.run(count, keys, args), patienceMs)
    delivery.isCounted = true
    return Number(before)
  }

  /** It was settled. */
  forget(delivery: RedisDelivery): void {
    this.#say(delivery, (key) => this.#link.command('UNLINK', key))
  }

  /** It goes back, and nothing went wrong. Said before it goes, and once, though going back may take several tries. */
  undo(delivery: RedisDelivery): void {
    this.#say(delivery, (key) => this.#link.run(uncountStart, [key], []))
    delivery.isCounted = false
  }

  /** Worth no wait: a count that stays is forgotten by itself. */
  #say(delivery: RedisDelivery, say: (key: string) => Promise<unknown>): void {
    const key = delivery.isCounted ? this.#keyOf(delivery) : undefined
    if (key !== undefined) say(key).catch(() => undefined)
  }

  #keyOf({ document }: RedisDelivery): string | undefined {
    const id = document.tag ?? document.message.properties.correlationId
    return id === undefined ? undefined : this.#keys.own(`starts:${id}`)
  }
}
