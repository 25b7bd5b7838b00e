import type { Log } from '../../log.ts'
import type { RedisLink } from '../../redis/link.ts'
import { strings } from '../../redis/replies.ts'
import type { Bindings } from './bindings.ts'
import type { BrokerKeys } from './keys.ts'
import { restore } from './lease-scripts.ts'
import { readFields } from './scripts.ts'
import { readUnacked, type Unacked } from './unacked.ts'

/** A message that somebody holds. */
export interface Held {
  tag: string
  /** Put back only while this is still its score, so that nothing is taken from someone who has just come back. */
  score: string
  value: string
}

/** Messages read and put back in one step. */
const perStep = 50

/** Puts messages back from kombu's `unacked` to the front of their queues, each once. */
export class Restorer {
  readonly #link: RedisLink
  readonly #keys: BrokerKeys
  readonly #bindings: Bindings
  readonly #log: Log

  constructor(link: RedisLink, keys: BrokerKeys, bindings: Bindings, log: Log) {
    this.#link = link
    this.#keys = keys
    this.#bindings = bindings
    this.#log = log
  }

  /** Those of this worker; of several the last is in front afterwards. Safe to repeat. */
  async putBack(tags: readonly string[]): Promise<void> {
    for (let i = 0; i < tags.length; ) {
      const held = await this.read(tags.slice(i, i + perStep))
      await this.restore(held.filter(({ value }) => value !== ''))
      i += held.length
    }
  }

  /** Those of this worker, or only the first of them if all would be too large; without a value when it is gone. */
  async read(tags: readonly string[]): Promise<Held[]> {
    const values = await this.#link.run(readFields, [this.#keys.unacked], tags)
    if (!Array.isArray(values)) throw new TypeError('Redis gave no list')
    return values.map((value, n) => ({
      tag: tags[n] ?? '',
      score: '',
      value: typeof value === 'string' ? value : '',
    }))
  }

  /** Returns how many were put back. */
  async restore(held: readonly Held[]): Promise<number> {
    const args: (string | number)[] = []
    for (const { tag, score, value } of held) {
      const lists = value === '' ? [] : await this.#listsOf(tag, value)
      if (lists) args.push(tag, score, lists.length / 2, ...lists)
    }
    if (args.length === 0) return 0
    const reply = await this.#link.run(restore, [this.#keys.unacked, this.#keys.unackedIndex], args)
    const [restored, refused] = Array.isArray(reply) ? reply : []
    logRefused(this.#log, strings(refused))
    return Number(restored)
  }

  /** Lists and texts in turn. Undefined when nothing is known of where it belongs: then it stays where it is. */
  async #listsOf(tag: string, value: string): Promise<string[] | undefined> {
    const unacked = readUnacked(value)
    if (!unacked) {
      this.#log.warn({ tag }, 'An abandoned message in Redis cannot be read; it stays in "unacked"')
      return undefined
    }
    const queues = await this.#queuesOf(unacked)
    return queues.flatMap((queue) => [this.#keys.list(queue, unacked.priority), unacked.text])
  }

  /** kombu drops a message whose exchange has no queue any more; here it goes to the queue of its routing key. */
  async #queuesOf({ exchange, routingKey }: Unacked): Promise<string[]> {
    const queues = await this.#bindings.queuesOf(exchange, routingKey)
    return queues.length > 0 ? queues : [routingKey]
  }
}

/** Keys that hold something else than a list of messages, or are not for this user. */
export function logRefused(log: Log, keys: readonly string[]): void {
  if (keys.length === 0) return
  log.error(
    { keys: [...new Set(keys)] },
    'Redis puts no messages into these keys: each should be a list, and one that this user may change',
  )
}

/** Tag, score and value in turn. */
export function readHeld(reply: readonly unknown[]): Held[] {
  const texts = strings(reply)
  const held: Held[] = []
  for (let i = 0; i + 2 < texts.length; i += 3) {
    held.push({ tag: texts[i] ?? '', score: texts[i + 1] ?? '', value: texts[i + 2] ?? '' })
  }
  return held
}
