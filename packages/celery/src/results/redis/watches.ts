import type { Log } from '../../log.ts'
import { decodeMeta } from '../../protocol/meta.ts'
import type { RedisLink } from '../../redis/link.ts'
import type { TaskMeta, Watching } from '../port.ts'
import type { ResultKeys } from './keys.ts'

type OnMeta = (meta: TaskMeta) => void

/** Keys read in one command. */
const perRead = 500

/**
 * Who waits for which task. A task's channel is subscribed to once, before its state is read, so that no state falls
 * between; after a lost connection all are read again.
 */
export class RedisWatches {
  readonly #link: RedisLink
  readonly #keys: ResultKeys
  readonly #log: Log
  readonly #listeners = new Map<string, Set<OnMeta>>()

  constructor(link: RedisLink, keys: ResultKeys, log: Log) {
    this.#link = link
    this.#keys = keys
    this.#log = log
    link.onConnect(() => this.#read([...this.#listeners.keys()]))
  }

  async watch(taskIds: readonly string[], onMeta: OnMeta, timeoutMs: number): Promise<Watching> {
    const ids = new Set<string>()
    // One per watch, so that stopping it takes away nothing of another with the same function.
    const listener: OnMeta = (meta) => onMeta(meta)
    const watching: Watching = {
      add: async (added) => {
        const fresh = added.filter((id) => !ids.has(id))
        for (const id of fresh) ids.add(id)
        await this.#add(fresh, listener, timeoutMs)
      },
      remove: async (removed) => {
        await this.#remove(
          removed.filter((id) => ids.delete(id)),
          listener,
        )
      },
      stop: async () => {
        await this.#remove([...ids], listener)
        ids.clear()
      },
    }
    try {
      await watching.add(taskIds)
    } catch (error) {
      await watching.stop()
      throw error
    }
    return watching
  }

  close(): void {
    this.#listeners.clear()
  }

  async #add(taskIds: readonly string[], listener: OnMeta, timeoutMs: number): Promise<void> {
    for (const id of taskIds) {
      const listeners = this.#listeners.get(id)
      if (listeners) listeners.add(listener)
      else this.#listeners.set(id, new Set([listener]))
    }
    const keys = taskIds.map((id) => this.#keys.task(id))
    await this.#link.persist(async () => {
      await this.#link.notices.subscribe(keys, this.#onMessage)
      await this.#read(taskIds)
    }, timeoutMs)
  }

  async #remove(taskIds: readonly string[], listener: OnMeta): Promise<void> {
    const gone = taskIds.filter((id) => {
      const listeners = this.#listeners.get(id)
      if (!listeners?.delete(listener) || listeners.size > 0) return false
      return this.#listeners.delete(id)
    })
    const keys = gone.map((id) => this.#keys.task(id))
    // On a connection that is lost there is nothing left to end.
    await this.#link.notices.unsubscribe(keys, this.#onMessage).catch(() => undefined)
  }

  readonly #onMessage = (channel: string, payload: Buffer): void => {
    this.#tell(this.#keys.taskOf(channel), payload)
  }

  async #read(taskIds: readonly string[]): Promise<void> {
    for (let i = 0; i < taskIds.length; i += perRead) {
      const ids = taskIds.slice(i, i + perRead)
      const texts = await this.#link.bytes('MGET', ...ids.map((id) => this.#keys.task(id)))
      if (!Array.isArray(texts)) continue
      for (const [n, id] of ids.entries()) if (Buffer.isBuffer(texts[n])) this.#tell(id, texts[n])
    }
  }

  #tell(taskId: string, stored: Buffer): void {
    const listeners = this.#listeners.get(taskId)
    if (!listeners) return
    let meta: TaskMeta
    try {
      meta = decodeMeta(stored)
    } catch (error) {
      this.#log.warn({ taskId, err: error }, 'A result in Redis cannot be read')
      return
    }
    for (const listener of [...listeners]) this.#call(listener, meta)
  }

  /** One that fails must not keep the others from being told, nor end the process. */
  #call(listener: OnMeta, meta: TaskMeta): void {
    try {
      listener(meta)
    } catch (error) {
      this.#log.error({ err: error }, 'Who watches results has failed')
    }
  }
}
