import type { RedisLink } from '../../redis/link.ts'
import type { RedisDelivery } from './delivery.ts'
import type { BrokerKeys } from './keys.ts'
import { countStart, uncountStart } from './scripts.ts'

/** Seconds that beginnings are counted: a message that is not redelivered for a day has been settled. */
const remembered = 86_400

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

  /** @param patience milliseconds that a lost connection is waited out */
  async count(delivery: RedisDelivery, patience: number): Promise<number | undefined> {
    const key = this.#keyOf(delivery)
    if (key === undefined || delivery.isCounted) return undefined
    const before = await this.#link.persist(() => this.#link.run(countStart, [key], [remembered]), patience)
    delivery.isCounted = true
    return Number(before)
  }

  /** It was settled. */
  forget(delivery: RedisDelivery): void {
    this.#say(delivery, (key) => this.#link.command('UNLINK', key))
  }

  /** It goes back, and nothing went wrong. */
  undo(delivery: RedisDelivery): void {
    this.#say(delivery, (key) => this.#link.run(uncountStart, [key], []))
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
