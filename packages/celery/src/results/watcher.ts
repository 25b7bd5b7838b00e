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
    const watching = this.#drop(
      new CeleryError('CLOSED', 'The app was closed while results were waited for.'),
    )
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
        this.#fail(error)
      }
    }
    this.#isFlushing = false
  }

  async #change(added: string[], removed: string[]): Promise<void> {
    if (!this.#watching) {
      if (added.length === 0) return
      this.#watching = this.#begin(added)
      await this.#watching
      return
    }
    const watching = await this.#watching
    if (removed.length > 0) await watching.remove(removed)
    if (added.length > 0) await watching.add(added)
  }

  async #begin(taskIds: string[]): Promise<Watching> {
    const store = await this.#store()
    return await store.watch(taskIds, (meta) => this.#tell(meta))
  }

  #tell(meta: TaskMeta): void {
    const entry = this.#entries.get(meta.task_id)
    if (!entry) return
    entry.last = meta
    for (const listener of entry.listeners) listener.onMeta(meta)
  }

  #fail(error: unknown): void {
    this.#drop(error)
      ?.then((watching) => watching.stop())
      .catch(() => {
        // What it failed for has been told to those who waited.
      })
  }

  /** A watch that failed tells no more: who waits hears of it, and who waits next begins another. */
  #drop(error: unknown): Promise<Watching> | undefined {
    const waiting = [...this.#entries.values()]
    const watching = this.#watching
    this.#watching = undefined
    this.#entries.clear()
    this.#added.clear()
    this.#removed.clear()
    for (const { listeners } of waiting) for (const listener of listeners) listener.onError(error)
    return watching
  }
}
