import { CeleryError } from '../errors.ts'
import type { ResultStore, TaskMeta, Watching } from './port.ts'

/** How many results of one app can be waited for at a time. */
const maxWatched = 100_000

export interface ResultListener {
  onMeta(meta: TaskMeta): void
  onError(error: unknown): void
}

interface Entry {
  listeners: Set<ResultListener>
  /** What was told last, for whoever begins to listen later. */
  last: TaskMeta | undefined
}

/**
 * One watch of the store for everyone in this process who waits for a result. Ids that are added or let go of in one
 * turn of the event loop go to the store together.
 */
export class ResultWatcher {
  readonly #store: () => Promise<ResultStore>
  readonly #entries = new Map<string, Entry>()
  #watching: Promise<Watching> | undefined
  #added = new Set<string>()
  #removed = new Set<string>()
  #isFlushing = false

  constructor(store: () => Promise<ResultStore>) {
    this.#store = store
  }

  /** How many results are waited for. */
  get size(): number {
    return this.#entries.size
  }

  /** Tells the listener the task's state now, when one is known, and every later one; returns what ends that. */
  listen(taskId: string, listener: ResultListener): () => void {
    const entry = this.#entries.get(taskId) ?? this.#add(taskId)
    entry.listeners.add(listener)
    if (entry.last) listener.onMeta(entry.last)
    return () => {
      if (!entry.listeners.delete(listener) || entry.listeners.size > 0) return
      if (this.#entries.get(taskId) !== entry) return
      this.#entries.delete(taskId)
      if (!this.#added.delete(taskId)) this.#removed.add(taskId)
      this.#flushSoon()
    }
  }

  /** Rejects whoever still waits. */
  async close(): Promise<void> {
    const error = new CeleryError('CLOSED', 'The app was closed while results were waited for.')
    const waiting = [...this.#entries.values()]
    const watching = this.#watching
    this.#watching = undefined
    this.#entries.clear()
    this.#added.clear()
    this.#removed.clear()
    for (const { listeners } of waiting) for (const listener of listeners) listener.onError(error)
    await (await watching?.catch(() => undefined))?.stop()
  }

  #add(taskId: string): Entry {
    if (this.#entries.size >= maxWatched) {
      throw new CeleryError('UNSUPPORTED', `No more than ${maxWatched} results can be waited for at a time.`)
    }
    const entry: Entry = { listeners: new Set(), last: undefined }
    this.#entries.set(taskId, entry)
    this.#added.add(taskId)
    this.#flushSoon()
    return entry
  }

  #flushSoon(): void {
    if (this.#isFlushing) return
    this.#isFlushing = true
    queueMicrotask(() => void this.#flush())
  }

  /** Never rejects. What is added meanwhile is seen by the loop; what is added after it begins another. */
  async #flush(): Promise<void> {
    while (this.#added.size > 0 || this.#removed.size > 0) {
      const [added, removed] = [[...this.#added], [...this.#removed]]
      this.#added = new Set()
      this.#removed = new Set()
      try {
        await this.#change(added, removed)
      } catch (error) {
        this.#fail(added, error)
      }
    }
    this.#isFlushing = false
  }

  async #change(added: string[], removed: string[]): Promise<void> {
    if (!this.#watching) {
      if (added.length > 0) await this.#begin(added)
      return
    }
    const watching = await this.#watching
    // What cannot be let go of is told of for a while longer, to nobody.
    if (removed.length > 0) await watching.remove(removed).catch(() => undefined)
    if (added.length > 0) await addAll(watching, added)
  }

  async #begin(taskIds: string[]): Promise<void> {
    const watching = this.#watch(taskIds)
    this.#watching = watching
    try {
      await watching
    } catch (error) {
      if (this.#watching === watching) this.#watching = undefined
      throw error
    }
  }

  async #watch(taskIds: string[]): Promise<Watching> {
    const store = await this.#store()
    return await store.watch(taskIds, (meta) => this.#tell(meta))
  }

  #tell(meta: TaskMeta): void {
    const entry = this.#entries.get(meta.task_id)
    if (!entry) return
    entry.last = meta
    for (const listener of entry.listeners) listener.onMeta(meta)
  }

  /** Those who wait for these hear of it; who waits for others goes on, and who waits next tries again. */
  #fail(taskIds: string[], error: unknown): void {
    for (const id of taskIds) {
      const entry = this.#entries.get(id)
      // Let go of and added once more meanwhile, it has its turn yet.
      if (!entry || this.#added.has(id)) continue
      this.#entries.delete(id)
      for (const listener of entry.listeners) listener.onError(error)
    }
  }
}

/** When it fails nothing of it is left, so that the same ids can be added again. */
async function addAll(watching: Watching, taskIds: string[]): Promise<void> {
  try {
    await watching.add(taskIds)
  } catch (error) {
    await watching.remove(taskIds).catch(() => undefined)
    throw error
  }
}
