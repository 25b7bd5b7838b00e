import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { Log } from '../../log.ts'
import { textArrayOf } from '../../postgres/array.ts'
import { columnKey } from '../../postgres/column-key.ts'
import type { Database } from '../../postgres/database.ts'
import { describeError } from '../../postgres/errors.ts'
import type { Listener } from '../../postgres/listener.ts'
import { decodeMeta } from '../../protocol/meta.ts'
import { isReady, type TaskMeta, type Watching } from '../port.ts'

type OnMeta = (meta: TaskMeta) => void

interface Watched {
  listeners: Set<OnMeta>
  /** The version last told: what is older came late. */
  version: number
  isReady: boolean
}

/** Seconds that the server keeps telling of a task without our asking again. */
const lifetime = 3_600
/** Milliseconds between looks at what is watched, and how many tasks one of these looks at. */
const pollPause = 1_000
const pollSize = 1_000
/**
 * Milliseconds after which what was added is read again: who stored a state while we asked to be told may not have
 * known of that.
 */
const secondLooks = [10, 100]

/** Tells of tasks' states: by notification, and by looking again now and then, as those may be lost. */
export class PostgresWatches {
  readonly #database: Database
  readonly #listener: Listener
  readonly #schema: string
  readonly #log: Log
  /** Where this process is told. */
  readonly #channel: string
  readonly #watched = new Map<string, Watched>()
  #isListening: Promise<void> | undefined
  #poll: NodeJS.Timeout | undefined
  #lastRenewal = performance.now()

  constructor(database: Database, listener: Listener, schema: string, log: Log) {
    this.#database = database
    this.#listener = listener
    this.#schema = schema
    this.#log = log
    this.#channel = `${schema}_result_${randomBytes(8).toString('hex')}`
  }

  async watch(taskIds: readonly string[], onMeta: OnMeta): Promise<Watching> {
    const own = new Set<string>()
    // One of this watch's own, as the same function may be given to several.
    const tell: OnMeta = (meta) => onMeta(meta)
    const add = async (ids: readonly string[]) => {
      for (const id of ids) own.add(id)
      await this.#add(ids, tell)
    }
    const remove = async (ids: readonly string[]) => {
      for (const id of ids) own.delete(id)
      await this.#remove(ids, tell)
    }
    try {
      await add(taskIds)
    } catch (error) {
      await remove([...own])
      throw error
    }
    return { add, remove, stop: () => remove([...own]) }
  }

  /** Reads everything again, after a time in which nobody listened. */
  restored(): void {
    void this.#renew()
  }

  async close(): Promise<void> {
    clearTimeout(this.#poll)
    const ids = [...this.#watched.keys()]
    this.#watched.clear()
    if (ids.length > 0) await this.#unregister(ids)
  }

  async #add(ids: readonly string[], tell: OnMeta): Promise<void> {
    if (ids.length === 0) return
    const added: string[] = []
    for (const id of ids) {
      const watched = this.#watched.get(id)
      watched?.listeners.add(tell)
      if (watched !== undefined) continue
      this.#watched.set(id, { listeners: new Set([tell]), version: 0, isReady: false })
      added.push(id)
    }
    this.#isListening ??= this.#listener.listen(this.#channel, (payload) => this.#notified(payload))
    await this.#isListening
    await this.#register(added)
    // Those who watch a task that others of this process watch already get to know of its state too.
    await this.#look(ids, tell)
    this.#schedulePoll()
    if (added.length > 0) void this.#lookAgain(added)
  }

  async #remove(ids: readonly string[], tell: OnMeta): Promise<void> {
    const gone = ids.filter((id) => {
      const watched = this.#watched.get(id)
      return watched?.listeners.delete(tell) === true && watched.listeners.size === 0
    })
    for (const id of gone) this.#watched.delete(id)
    if (gone.length > 0) await this.#unregister(gone)
  }

  #register(ids: readonly string[]): Promise<unknown> {
    return this.#database.persist(
      `INSERT INTO ${this.#schema}.watches (task_id, channel, expires_at)
       SELECT id, $2, now() + make_interval(secs => $3) FROM unnest($1::text[]) AS id ORDER BY id
       ON CONFLICT (task_id, channel) DO UPDATE SET expires_at = excluded.expires_at`,
      [textArrayOf(ids), this.#channel, lifetime],
    )
  }

  /** Tried but once: it expires by itself. */
  async #unregister(ids: readonly string[]): Promise<void> {
    try {
      await this.#database.query(
        `DELETE FROM ${this.#schema}.watches WHERE task_id = ANY ($1::text[]) AND channel = $2`,
        [textArrayOf(ids), this.#channel],
        10_000,
      )
    } catch (error) {
      this.#log.debug({ reason: describeError(error) }, 'a watch on results is left to expire')
    }
  }

  #notified(payload: string): void {
    const space = payload.indexOf(' ')
    const [version, rest] = [Number(payload.slice(0, space)), payload.slice(space + 1)]
    if (rest.startsWith('@')) void this.#lookSafely([rest.slice(1)])
    else this.#tell(version, rest)
  }

  /** Tells whoever watches what is there now, or only `tell` what it may know already. */
  async #look(ids: readonly string[], tell?: OnMeta): Promise<void> {
    const rows = await this.#database.persist(
      `SELECT version, meta FROM ${this.#schema}.results WHERE task_id = ANY ($1::text[]) AND expires_at > now()`,
      [textArrayOf(ids)],
    )
    for (const [version, meta] of rows) this.#tell(Number(version), meta as string, tell)
  }

  async #lookSafely(ids: readonly string[]): Promise<void> {
    try {
      if (ids.length > 0) await this.#look(ids)
    } catch (error) {
      this.#log.debug({ reason: describeError(error) }, 'results are looked at again later')
    }
  }

  async #lookAgain(ids: readonly string[]): Promise<void> {
    for (const pause of secondLooks) {
      await delay(pause, undefined, { ref: false })
      await this.#lookSafely(ids.filter((id) => this.#watched.get(id)?.isReady === false))
    }
  }

  #tell(version: number, text: string, tell?: OnMeta): void {
    const meta = this.#decoded(text)
    const watched = meta && this.#watched.get(columnKey(meta.task_id))
    if (meta === undefined || watched === undefined) return
    const isNew = version > watched.version
    if (isNew) {
      watched.version = version
      watched.isReady = isReady(meta.status)
      for (const listener of [...watched.listeners]) this.#call(listener, meta)
    } else if (version === watched.version && tell !== undefined && watched.listeners.has(tell))
      this.#call(tell, meta)
  }

  /** One that fails must not keep the others from being told. */
  #call(listener: OnMeta, meta: TaskMeta): void {
    try {
      listener(meta)
    } catch (error) {
      this.#log.error({ reason: describeError(error) }, 'who watches results has failed')
    }
  }

  #decoded(text: string): TaskMeta | undefined {
    try {
      return decodeMeta(text)
    } catch (error) {
      this.#log.warn({ reason: describeError(error) }, 'a result could not be read')
      return undefined
    }
  }

  #schedulePoll(): void {
    if (this.#poll !== undefined) return
    this.#poll = setTimeout(() => void this.#pollOnce(), pollPause)
    this.#poll.unref()
  }

  /** Looks at those that were looked at the longest ago. */
  async #pollOnce(): Promise<void> {
    const ids: string[] = []
    for (const [id, watched] of this.#watched) {
      if (ids.length === pollSize) break
      if (!watched.isReady) ids.push(id)
    }
    for (const id of ids) {
      const watched = this.#watched.get(id)
      if (watched === undefined) continue
      this.#watched.delete(id)
      this.#watched.set(id, watched)
    }
    await (performance.now() - this.#lastRenewal > lifetime * 500 ? this.#renew() : this.#lookSafely(ids))
    this.#poll = undefined
    if (this.#watched.size > 0) this.#schedulePoll()
  }

  async #renew(): Promise<void> {
    this.#lastRenewal = performance.now()
    const ids = [...this.#watched.keys()]
    try {
      for (let start = 0; start < ids.length; start += pollSize) {
        const some = ids.slice(start, start + pollSize)
        await this.#register(some)
        await this.#look(some)
      }
    } catch (error) {
      this.#log.debug({ reason: describeError(error) }, 'results are looked at again later')
    }
  }
}
