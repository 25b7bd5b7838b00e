import type { RedisLink } from '../../redis/link.ts'
import { strings } from '../../redis/replies.ts'
import { script } from '../../redis/script.ts'
import type { DeadLetter, DeadLetterPage, DeadLetterQuery, DeadLetterStore } from '../dead-letter-store.ts'
import { decodeLetter, encodeLetter, letterCursor, pageLimit, readCursor } from '../letter.ts'
import type { BrokerKeys } from './keys.ts'

/** KEYS: letters, indexes; ARGV: id, letter, place in the indexes. */
const addLetter = script(`
if redis.call('HSETNX', KEYS[1], ARGV[1], ARGV[2]) == 0 then return 0 end
for i = 2, #KEYS do redis.call('ZADD', KEYS[i], 0, ARGV[3]) end
return 1
`)

/** KEYS: letters, indexes; ARGV: id, place in the indexes. */
const removeLetter = script(`
for i = 2, #KEYS do redis.call('ZREM', KEYS[i], ARGV[2]) end
return redis.call('HDEL', KEYS[1], ARGV[1])
`)

/** Milliseconds that a lost connection is waited out. */
const patience = 10_000

/**
 * Dead letters in keys of this package: a hash of all, and sorted sets in the order of their deaths, of all, of each
 * task and of each queue. The order is that of the members' text, a time and an id, so that a page begins where the
 * last one ended whatever was removed meanwhile.
 */
export class RedisDeadLetters implements DeadLetterStore {
  readonly #link: RedisLink
  readonly #keys: BrokerKeys

  constructor(link: RedisLink, keys: BrokerKeys) {
    this.#link = link
    this.#keys = keys
  }

  async add(letter: DeadLetter): Promise<void> {
    const args = [letter.id, encodeLetter(letter), letterCursor(letter)]
    await this.#persist(() => this.#link.run(addLetter, this.#keysOf(letter), args))
  }

  async list(query: DeadLetterQuery = {}): Promise<DeadLetterPage> {
    const limit = pageLimit(query)
    const letters: DeadLetter[] = []
    let after = query.after
    // Of a task and a queue, those of the task are looked through.
    do {
      const places = await this.#places(query, after, limit - letters.length + 1)
      const page = places.slice(0, limit - letters.length)
      const found = await this.#read(page.map((cursor) => readCursor(cursor).id))
      letters.push(...found.filter((letter) => query.queue === undefined || letter.queue === query.queue))
      after = places.length > page.length ? page.at(-1) : undefined
    } while (after !== undefined && letters.length < limit)
    return { letters, next: after }
  }

  async get(id: string): Promise<DeadLetter | undefined> {
    return (await this.#read([id]))[0]
  }

  async remove(ids: string[]): Promise<number> {
    let removed = 0
    for (const letter of await this.#read(ids)) {
      const args = [letter.id, letterCursor(letter)]
      removed += Number(await this.#persist(() => this.#link.run(removeLetter, this.#keysOf(letter), args)))
    }
    return removed
  }

  async count(): Promise<number> {
    return Number(await this.#persist(() => this.#link.command('HLEN', this.#keys.own('dead'))))
  }

  async #places(
    { task, queue }: DeadLetterQuery,
    after: string | undefined,
    count: number,
  ): Promise<string[]> {
    const index = this.#index(task, task === undefined ? queue : undefined)
    const from = after === undefined ? '-' : `(${after}`
    return strings(
      await this.#persist(() => this.#link.command('ZRANGEBYLEX', index, from, '+', 'LIMIT', 0, count)),
    )
  }

  async #read(ids: readonly string[]): Promise<DeadLetter[]> {
    if (ids.length === 0) return []
    const key = this.#keys.own('dead')
    const texts = strings(await this.#persist(() => this.#link.command('HMGET', key, ...ids)))
    return texts.map(decodeLetter).filter((letter) => letter !== undefined)
  }

  #keysOf({ task, queue }: DeadLetter): string[] {
    const ofTask = task === undefined ? [] : [this.#index(task, undefined)]
    return [
      this.#keys.own('dead'),
      this.#index(undefined, undefined),
      this.#index(undefined, queue),
      ...ofTask,
    ]
  }

  #index(task: string | undefined, queue: string | undefined): string {
    if (task !== undefined) return this.#keys.own(`dead:task:${task}`)
    return this.#keys.own(queue === undefined ? 'dead:index' : `dead:queue:${queue}`)
  }

  #persist<T>(work: () => Promise<T>): Promise<T> {
    return this.#link.persist(work, patience)
  }
}
