import type { RedisLink } from '../../redis/link.ts'
import { ConnectionLost, NotConnected, strings } from '../../redis/replies.ts'
import type { BrokerKeys } from './keys.ts'
import type { Held, Restorer } from './restorer.ts'
import { settleAndTake } from './scripts.ts'
import { unackedSuffix } from './unacked.ts'

export interface TakerOptions {
  link: RedisLink
  keys: BrokerKeys
  restorer: Restorer
  queue: string
  /** Begins the tags of all messages that it takes; says its lease and is nobody else's. */
  tagPrefix: string
  /** Milliseconds that a message is this worker's after it was taken. */
  lease: number
}

/** Messages as they lay in the queue. */
export interface Taken {
  texts: readonly string[]
  /** The tag of the nth. */
  tagAt(n: number): string
  /** By this process's clock, never later than Redis's idea of it. */
  takenAt: number
}

/** What a step did. */
export interface Step extends Taken {
  /** The answer was full before all that was wanted was in it. */
  isFull: boolean
  /** Of what was to be settled, that which was not this worker's any more: another has it, or will. */
  gone: ReadonlySet<string>
  /** Why a list could not be read, or why nothing was taken: Redis would not keep it. */
  refusal: Error | undefined
}

/**
 * Settles and takes messages of a queue in one step. It names what it takes beforehand, so that what a step took whose
 * answer was lost with the connection is found again.
 */
export class Taker {
  readonly #options: TakerOptions
  readonly #lists: string[]
  readonly #scriptKeys: string[]
  readonly #suffix: string
  #nextTag = 1
  /** Tags of a step whose answer was lost: what it took is ours, and still to be delivered. */
  #doubtful: { tags: string[]; takenAt: number } | undefined
  /** What such a step was to settle, and perhaps did. */
  readonly #perhapsSettled = new Set<string>()

  constructor(options: TakerOptions) {
    const { keys, queue } = options
    this.#options = options
    this.#lists = keys.lists(queue)
    this.#scriptKeys = [keys.unacked, keys.unackedIndex, ...this.#lists]
    this.#suffix = unackedSuffix(queue)
  }

  get isInDoubt(): boolean {
    return this.#doubtful !== undefined
  }

  /** What may have been taken without its answer. */
  get doubtfulTags(): readonly string[] {
    return this.#doubtful?.tags ?? []
  }

  /** Whether a step without an answer was to settle it, and perhaps did. */
  isPerhapsSettled(tag: string): boolean {
    return this.#perhapsSettled.has(tag)
  }

  /** What fails may have been done all the same: what was to be settled is to be settled again, which does no harm. */
  async take(want: number, settled: readonly string[], takenAt: number): Promise<Step> {
    const { link, tagPrefix } = this.#options
    const first = this.#nextTag
    const tagAt = (n: number) => tagPrefix + (first + n)
    this.#nextTag += want
    let reply: unknown
    let refusals: ReadonlyMap<number, Error> | undefined
    try {
      const args = [want, tagPrefix, first, this.#suffix, ...settled]
      reply = await link.run(settleAndTake, this.#scriptKeys, args)
      const refused = Array.isArray(reply) ? reply[3] : undefined
      refusals = await link.refusals(refused, (place) => [{ key: this.#lists[place] ?? '', kind: 'list' }])
    } catch (error) {
      if (!(error instanceof ConnectionLost) || error instanceof NotConnected) throw error
      if (want > 0) {
        this.#doubtful = { tags: Array.from({ length: want }, (_, n) => tagAt(n)), takenAt }
      }
      // A refusal in place of a reply was the first thing that the script met; one within a reply came afterwards.
      if (!error.isRefusal || reply !== undefined) {
        for (const tag of settled) this.#perhapsSettled.add(tag)
      }
      throw error
    }
    const [texts, isFull, gone] = Array.isArray(reply) ? reply : []
    const notOurs = strings(gone).filter((tag) => !this.#perhapsSettled.has(tag))
    this.#perhapsSettled.clear()
    return {
      texts: strings(texts),
      tagAt,
      takenAt,
      isFull: isFull === 1,
      gone: new Set(notOurs),
      refusal: refusals?.values().next().value,
    }
  }

  /** What a step took whose answer was lost; undefined when it is not this worker's any more. */
  async recover(): Promise<Taken | undefined> {
    const { tags, takenAt } = this.#doubtful ?? { tags: [], takenAt: 0 }
    const held: Held[] = []
    while (held.length < tags.length) {
      held.push(...(await this.#options.restorer.read(tags.slice(held.length))))
    }
    this.#doubtful = undefined
    // Too late for these: whoever looks for abandoned messages puts them back.
    if (performance.now() - takenAt > this.#options.lease) return undefined
    const found = held.filter(({ value }) => value !== '')
    const texts = found.map(({ value }) => value.slice(1, -this.#suffix.length))
    return { texts, tagAt: (n) => found[n]?.tag ?? '', takenAt }
  }
}
