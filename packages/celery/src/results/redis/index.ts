import { randomUUID } from 'node:crypto'
import { type Log, noLog } from '../../log.ts'
import { type Checks, checkOptions } from '../../options/check.ts'
import { anyText, logger, seconds, someSeconds } from '../../options/kinds.ts'
import { decodeJson, encodeJson } from '../../protocol/json.ts'
import { decodeMeta, encodeMeta } from '../../protocol/meta.ts'
import { BatchWriter } from '../../redis/batch-writer.ts'
import { count } from '../../redis/count.ts'
import { RedisLink } from '../../redis/link.ts'
import { type RedisTarget, readRedisUrl } from '../../redis/target.ts'
import type { ChordPart, ResultStore, TaskMeta, Watching } from '../port.ts'
import { decodeParts, encodePart, partMember } from './chord-part.ts'
import { ResultKeys } from './keys.ts'
import { addPart, forgetChord, setSize, storeStates } from './scripts.ts'
import { RedisWatches } from './watches.ts'

/** What the URL of results in Redis cannot say. Durations in seconds. */
export interface RedisResultsOptions {
  /** Seconds that results are kept: 86,400 when absent, and for ever when 0. */
  expires?: number
  /** Celery's `global_keyprefix`, also an option of the URL. */
  globalKeyPrefix?: string
  /** Seconds that a lost connection is waited out: 10 when absent. */
  timeout?: number
  /** Seconds an answer may take before the connection counts as lost: 5 when absent, or the URL's `socket_timeout`. */
  commandTimeout?: number
  /** Seconds: 5 when absent, or the URL's `socket_connect_timeout`. */
  connectTimeout?: number
  log?: Log
}

const checks: Checks<RedisResultsOptions> = {
  expires: seconds,
  globalKeyPrefix: anyText,
  timeout: someSeconds,
  commandTimeout: someSeconds,
  connectTimeout: someSeconds,
  log: logger,
}

/** Seconds that who completed a chord has for sending its body before another may do it: Celery's own. */
const claimSeconds = 10
/** Seconds in which late parts of a chord that is done complete nothing: Celery's own. */
const doneSeconds = 300
const startsSeconds = 86_400
/** Seconds that the mark of an addition outlives whoever may ask for it again. */
const markSeconds = 60
/** Seconds that the mark of a start does so: a worker asks again for as long as Redis is away. */
const startMarkSeconds = 3_600
/** Keys read in one command. */
const perRead = 1_000

interface Addition {
  by: number
  /** For which the sum is kept. */
  seconds: number
  mark: string
  markSeconds: number
}

/**
 * Results in Redis as Celery 5.7 keeps them, so that Python and TypeScript read each other's and complete chords
 * together.
 * @param url `redis://user:password@host:6379/0`, `rediss://` with TLS
 * @throws CeleryError `BAD_OPTION`, for options in the URL too
 */
export function createRedisResults(url: string, options: RedisResultsOptions = {}): ResultStore {
  checkOptions(options, checks, 'createRedisResults')
  return new RedisResults(readRedisUrl(url), options)
}

class RedisResults implements ResultStore {
  readonly kind = 'redis'
  readonly #target: RedisTarget
  readonly #link: RedisLink
  readonly #keys: ResultKeys
  readonly #watches: RedisWatches
  readonly #storing: BatchWriter<Stored>
  readonly #expires: number
  /** Milliseconds. */
  readonly #timeoutMs: number

  constructor(target: RedisTarget, options: RedisResultsOptions) {
    const log = options.log ?? noLog
    this.#target = target
    this.#expires = Math.ceil(options.expires ?? 86_400)
    this.#timeoutMs = (options.timeout ?? 10) * 1_000
    this.#link = new RedisLink({
      target,
      code: 'RESULTS_UNAVAILABLE',
      commandTimeout: options.commandTimeout ?? target.options.commandTimeout ?? 5,
      connectTimeout: options.connectTimeout ?? target.options.connectTimeout ?? 5,
      log,
    })
    this.#keys = new ResultKeys(options.globalKeyPrefix ?? target.options.globalKeyPrefix ?? '')
    this.#watches = new RedisWatches(this.#link, this.#keys, log)
    this.#storing = new BatchWriter({
      link: this.#link,
      send: (items) => this.#storeAll(items),
      sizeOf: ({ text }) => text.length,
      what: 'a result',
    })
  }

  open(): Promise<void> {
    return this.#link.open(this.#timeoutMs)
  }

  async close(): Promise<void> {
    this.#watches.close()
    this.#link.close()
  }

  describe(): string {
    const { tls, host, port, path, db } = this.#target
    return path === undefined ? `${tls ? 'rediss' : 'redis'}://${host}:${port}/${db}` : `socket://${path}`
  }

  store(meta: TaskMeta): Promise<void> {
    return this.#storing.write(
      { key: this.#keys.task(meta.task_id), text: encodeMeta(meta) },
      this.#timeoutMs,
    )
  }

  async get(taskIds: readonly string[]): Promise<(TaskMeta | undefined)[]> {
    const texts: unknown[] = []
    for (let i = 0; i < taskIds.length; i += perRead) {
      const keys = taskIds.slice(i, i + perRead).map((id) => this.#keys.task(id))
      const reply = await this.#persist(() => this.#link.bytes('MGET', ...keys))
      if (Array.isArray(reply)) texts.push(...reply)
    }
    return texts.map((text) => (Buffer.isBuffer(text) ? decodeMeta(text) : undefined))
  }

  async forget(taskIds: readonly string[]): Promise<void> {
    await this.#delete(taskIds.map((id) => this.#keys.task(id)))
  }

  watch(taskIds: readonly string[], onMeta: (meta: TaskMeta) => void): Promise<Watching> {
    return this.#watches.watch(taskIds, onMeta, this.#timeoutMs)
  }

  async storeGroup(groupId: string, result: unknown): Promise<void> {
    const text = encodeJson({ result })
    await this.#storing.write({ key: this.#keys.group(groupId), text }, this.#timeoutMs)
  }

  async getGroup(groupId: string): Promise<unknown> {
    const text = await this.#persist(() => this.#link.command('GET', this.#keys.group(groupId)))
    if (typeof text !== 'string') return undefined
    const document = decodeJson(text)
    return typeof document === 'object' && document !== null && 'result' in document
      ? document.result
      : undefined
  }

  async forgetGroup(groupId: string): Promise<void> {
    await this.#delete([this.#keys.group(groupId)])
  }

  async setChordSize(groupId: string, size: number): Promise<void> {
    const [, , s, , c] = this.#keys.chord(groupId)
    await this.#persist(() => this.#link.run(setSize, [s, c], [size, this.#expires]))
  }

  async growChord(groupId: string, by: number): Promise<void> {
    const [, t] = this.#keys.chord(groupId)
    await this.#count(t, { by, seconds: this.#expires, mark: randomUUID(), markSeconds })
  }

  async addChordPart(groupId: string, part: ChordPart): Promise<ChordPart[] | undefined> {
    const args = [
      partMember(part),
      encodePart(part),
      part.index ?? '',
      this.#expires,
      claimSeconds,
      `ts:${part.taskId}`,
    ]
    const reply = await this.#persist(() => this.#link.run(addPart, this.#keys.chord(groupId), args))
    return Array.isArray(reply) ? decodeParts(reply) : undefined
  }

  async forgetChord(groupId: string): Promise<void> {
    const keys = this.#keys.chord(groupId).slice(0, 5)
    await this.#persist(() => this.#link.run(forgetChord, keys, [doneSeconds]))
  }

  async countStart(taskId: string, mark: string = randomUUID()): Promise<number> {
    const start = { by: 1, seconds: startsSeconds, mark, markSeconds: startMarkSeconds }
    return (await this.#count(this.#keys.starts(taskId), start)) - 1
  }

  async forgetStarts(taskId: string): Promise<void> {
    await this.#delete([this.#keys.starts(taskId)])
  }

  /** An answer that was lost makes it ask again, but never count twice. */
  async #count(counter: string, { by, seconds, mark, markSeconds }: Addition): Promise<number> {
    const keys = [counter, this.#keys.counted(mark)]
    const args = [by, seconds, Math.ceil(this.#timeoutMs / 1_000) + markSeconds]
    return Number(await this.#persist(() => this.#link.run(count, keys, args)))
  }

  #persist<T>(work: () => Promise<T>): Promise<T> {
    return this.#link.persist(work, this.#timeoutMs)
  }

  async #delete(keys: readonly string[]): Promise<void> {
    for (let i = 0; i < keys.length; i += perRead) {
      await this.#persist(() => this.#link.command('UNLINK', ...keys.slice(i, i + perRead)))
    }
  }

  async #storeAll(items: readonly Stored[]): Promise<Map<number, Error> | undefined> {
    const keys = items.map(({ key }) => key)
    const texts = items.map(({ text }) => text)
    const reply = await this.#link.run(storeStates, keys, [this.#expires, ...texts])
    return await this.#link.refusals(reply, (place) => [{ key: keys[place] ?? '', kind: 'string' }])
  }
}

interface Stored {
  key: string
  text: string
}
