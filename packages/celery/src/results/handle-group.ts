import { bad } from '../options/check.ts'
import { groupTuple } from '../protocol/result-tuple.ts'
import { checkGet } from './check-get.ts'
import type { GetOptions, Result, ResultSource } from './handle.ts'
import { isReady, type ResultStore, type TaskMeta } from './port.ts'

/** One member of a group, as it is done. */
export type GroupItem<Output = unknown> =
  | { index: number; id: string; value: Output; error?: undefined }
  | { index: number; id: string; value?: undefined; error: Error }

/**
 * Where the results of a group will be found, in its order.
 *
 *   for await (const { index, value, error } of group) ...   // in the order in which they are done
 *
 * @typeParam Output what a member gives
 * @typeParam Outputs what all of them give, in the group's order
 */
export class GroupResult<Output = unknown, Outputs = Output[]> implements AsyncIterable<GroupItem<Output>> {
  readonly id: string
  readonly results: readonly (Result | GroupResult)[]
  /** What the group follows in a chain. */
  readonly parent: Result | GroupResult | undefined
  readonly #source: ResultSource | undefined

  /** @param source undefined for one without members that no app has sent: nothing is kept of it */
  constructor(
    source: ResultSource | undefined,
    id: string,
    results: readonly (Result | GroupResult)[],
    parent?: Result | GroupResult,
  ) {
    this.#source = source
    this.id = id
    this.results = results
    this.parent = parent
  }

  /**
   * Waits for every member.
   * @returns their results in the group's order; those of a group within as an array
   * @throws whatever the first member to fail failed with
   */
  async get(options: GetOptions = {}): Promise<Outputs> {
    checkGet(options)
    const ended = new AbortController()
    const signal = options.signal ? AbortSignal.any([options.signal, ended.signal]) : ended.signal
    try {
      return (await Promise.all(this.results.map((result) => result.get({ ...options, signal })))) as Outputs
    } finally {
      ended.abort()
    }
  }

  /** Every member in the order in which they are done; a failed one comes with its error and ends nothing. */
  async *[Symbol.asyncIterator](): AsyncGenerator<GroupItem<Output>, void, undefined> {
    const ended = new AbortController()
    const done: GroupItem<Output>[] = []
    let wake = Promise.withResolvers<void>()
    try {
      for (const [index, result] of this.results.entries()) {
        const { id } = result
        const add = (item: GroupItem<Output>) => {
          done.push(item)
          wake.resolve()
        }
        result.get({ signal: ended.signal }).then(
          (value) => add({ index, id, value: value as Output }),
          (error: unknown) =>
            add({ index, id, error: error instanceof Error ? error : new Error(String(error)) }),
        )
      }
      for (let left = this.results.length; left > 0; left -= 1) {
        while (done.length === 0) {
          await wake.promise
          wake = Promise.withResolvers()
        }
        yield done.shift() as GroupItem<Output>
      }
    } finally {
      ended.abort()
    }
  }

  /** How many tasks in it have succeeded, as Celery counts it. */
  async completedCount(): Promise<number> {
    return (await this.#metas()).filter((meta) => meta?.status === 'SUCCESS').length
  }

  /** All are done, well or not. */
  async ready(): Promise<boolean> {
    return (await this.#metas()).every((meta) => meta !== undefined && isReady(meta.status))
  }

  async successful(): Promise<boolean> {
    return (await this.#metas()).every((meta) => meta?.status === 'SUCCESS')
  }

  /** At least one has failed. */
  async failed(): Promise<boolean> {
    return (await this.#metas()).some((meta) => meta?.status === 'FAILURE')
  }

  /**
   * Keeps which results make it up, so that `app.groupResult(id)` and Python's `GroupResult.restore` find it.
   * @throws CeleryError `NO_RESULTS`; `BAD_OPTION` for one without members that no app has sent
   */
  async save(): Promise<void> {
    await (await this.#store()).storeGroup(this.id, this.toJSON())
  }

  /** Removes what is kept of it, of its members and of all that it follows. */
  async forget(): Promise<void> {
    if (!this.#source) return
    const store = await this.#source.store()
    await store.forget(this.taskIds())
    await store.forgetGroup(this.id)
    await this.parent?.forget()
  }

  /** The ids of its tasks, those of groups within too. */
  taskIds(): string[] {
    return this.results.flatMap((result) => (result instanceof GroupResult ? result.taskIds() : [result.id]))
  }

  toJSON(): unknown[] {
    return groupTuple(
      this.id,
      this.parent?.toJSON() ?? null,
      this.results.map((result) => result.toJSON()),
    )
  }

  async #metas(): Promise<(TaskMeta | undefined)[]> {
    const ids = this.taskIds()
    return ids.length === 0 ? [] : await (await this.#store()).get(ids)
  }

  async #store(): Promise<ResultStore> {
    if (this.#source) return await this.#source.store()
    const why = 'is missing: a group without tasks knows none, so send it by app.apply to keep its result'
    throw bad('app', why, 'the group')
  }
}
