import type { RedisLink } from '../../redis/link.ts'
import { strings } from '../../redis/replies.ts'
import { script } from '../../redis/script.ts'
import type { DeadLetter, DeadLetterPage, DeadLetterQuery, DeadLetterStore } from '../dead-letter-store.ts'
import { decodeLetter, encodeLetter, isAskedFor, letterCursor, pageLimit, readCursor } from '../letter.ts'
import type { BrokerKeys } from './keys.ts'
import { readFields, tried } from './scripts.ts'

/**
 * The letter comes last: one that an index refuses is not there, so that it is not taken for one that is kept. KEYS:
 * letters, indexes; ARGV: id, letter, place in the indexes.
 */
const addLetter = script(
  ['hash', 'zset'],
  `
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 1 then return 0 end
for i = 2, #KEYS do redis.call('ZADD', KEYS[i], 0, ARGV[3]) end
return redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
`,
)

/**
 * All or nothing: a letter without its places would not be found, nor its places without it. KEYS: letters, indexes;
 * ARGV: id, place in the indexes.
 */
const removeLetter = script(
  ['hash', 'zset'],
  `
for i = 2, #KEYS do ${tried('ZREM', 'KEYS[i]')} end
local removed = redis.call('HDEL', KEYS[1], ARGV[1])
for i = 2, #KEYS do redis.call('ZREM', KEYS[i], ARGV[2]) end
return removed
`,
)

/** Milliseconds that a lost connection is waited out. */
const patienceMs = 10_000
/** Letters looked through for one page at most, and in one step at least. */
const mostLooked = 5_000
const perStep = 100

/**
 * Dead letters in keys of this package: a hash of all, and sorted sets in the order of their deaths, of all, of each
 * task and of each queue. The order is that of the members' text, a time and an id, so that a page begins where the
 * last one ended whatever was removed meanwhile. Those of a reason, and of both a task and a queue, are looked for among
 * the letters of the narrower set, so many a page.
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
    for (let looked = 0; looked < mostLooked; ) {
      const count = Math.max(perStep, limit - letters.length)
      const places = await this.#places(query, after, count + 1)
      const asked = (await this.#lettersAt(places.slice(0, count))).filter((letter) =>
        isAskedFor(letter, query),
      )
      const taken = asked.slice(0, limit - letters.length)
      letters.push(...taken)
      const last = taken.at(-1)
      // What is left of this step is the next page's.
      if (last && taken.length < asked.length) return { letters, next: letterCursor(last) }
      if (places.length <= count) return { letters, next: undefined }
      after = places[count - 1]
      if (letters.length === limit) break
      looked += count
    }
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

  #lettersAt(places: readonly string[]): Promise<DeadLetter[]> {
    return this.#read(places.flatMap((cursor) => readCursor(cursor)?.id ?? []))
  }

  /** A letter may be of any size, so that an answer holds as many as fill it. */
  async #read(ids: readonly string[]): Promise<DeadLetter[]> {
    const letters: DeadLetter[] = []
    for (let read = 0; read < ids.length; ) {
      const args = ids.slice(read)
      const reply = await this.#persist(() => this.#link.run(readFields, [this.#keys.own('dead')], args))
      if (!Array.isArray(reply) || reply.length === 0) throw new TypeError('Redis gave no list')
      letters.push(...strings(reply).flatMap((text) => decodeLetter(text) ?? []))
      read += reply.length
    }
    return letters
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
    return this.#link.persist(work, patienceMs)
  }
}
