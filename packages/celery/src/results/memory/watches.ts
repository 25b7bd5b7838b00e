import { decodeMeta } from '../../protocol/meta.ts'
import type { TaskMeta, Watching } from '../port.ts'

type OnMeta = (meta: TaskMeta) => void

/** Who wants to be told of which task's states. */
export class MemoryWatches {
  readonly #byTask = new Map<string, Set<OnMeta>>()

  /** Each gets a document of its own. */
  tell(taskId: string, text: string): void {
    for (const onMeta of this.#byTask.get(taskId) ?? []) onMeta(decodeMeta(text))
  }

  watch(
    taskIds: readonly string[],
    onMeta: OnMeta,
    current: (taskId: string) => string | undefined,
  ): Watching {
    const watched = new Set<string>()
    // One of this watch's own, as the same function may be given to several.
    const tell: OnMeta = (meta) => onMeta(meta)
    const add = (ids: readonly string[]) => {
      for (const id of ids) {
        watched.add(id)
        this.#listenersOf(id).add(tell)
        const text = current(id)
        if (text !== undefined) tell(decodeMeta(text))
      }
    }
    const remove = (ids: Iterable<string>) => {
      for (const id of ids) {
        watched.delete(id)
        this.#removeListener(id, tell)
      }
    }
    add(taskIds)
    return {
      add: async (ids) => add(ids),
      remove: async (ids) => remove(ids),
      stop: async () => remove([...watched]),
    }
  }

  #listenersOf(taskId: string): Set<OnMeta> {
    const listeners = this.#byTask.get(taskId) ?? new Set()
    this.#byTask.set(taskId, listeners)
    return listeners
  }

  #removeListener(taskId: string, listener: OnMeta): void {
    const listeners = this.#byTask.get(taskId)
    listeners?.delete(listener)
    if (listeners?.size === 0) this.#byTask.delete(taskId)
  }
}
