/** Names of keys and channels as Celery's Redis backend has them. */
export class ResultKeys {
  readonly #prefix: string

  /** @param globalPrefix Celery's `global_keyprefix` of `result_backend_transport_options` */
  constructor(globalPrefix: string) {
    // As Celery does: a prefix that does not end in a separator gets one.
    this.#prefix = globalPrefix === '' || /[:_\-.]$/.test(globalPrefix) ? globalPrefix : `${globalPrefix}_`
  }

  /** The task's state, and the channel on which it is told. */
  task(id: string): string {
    return `${this.#prefix}celery-task-meta-${id}`
  }

  taskOf(key: string): string {
    return key.slice(this.#prefix.length + 'celery-task-meta-'.length)
  }

  group(id: string): string {
    return `${this.#prefix}celery-taskset-meta-${id}`
  }

  /** Parts in order, tasks that joined, size, parts seen, who completes it, and the saved group. */
  chord(id: string): [j: string, t: string, s: string, d: string, c: string, group: string] {
    const group = this.group(id)
    return [`${group}.j`, `${group}.t`, `${group}.s`, `${group}.d`, `${group}.c`, group]
  }

  /** Of this package alone. */
  starts(id: string): string {
    return `${this.#prefix}celery-ts-starts-${id}`
  }

  /** Of this package alone: that one addition to a counter was made. */
  counted(id: string): string {
    return `${this.#prefix}celery-ts-counted-${id}`
  }
}
