import { formatTime } from '../../protocol/time.ts'
import { isReady, type TaskMeta, type TaskState } from '../../results/port.ts'
import { persist } from '../persist.ts'
import { nowOf, type Runtime } from '../runtime.ts'
import type { TaskRequest } from '../task-request.ts'

/** The document that says how the task stands. */
export function metaOf(
  runtime: Runtime,
  request: TaskRequest,
  status: TaskState,
  result: unknown,
  traceback: string | null = null,
): TaskMeta {
  const { headers, args, kwargs } = request.message
  const meta: TaskMeta = {
    task_id: headers.id,
    status,
    result,
    traceback,
    children: request.context?.children ?? [],
    date_done: isReady(status) ? (formatTime(new Date(nowOf(runtime))) ?? null) : null,
  }
  if (headers.group) meta.group_id = headers.group
  if (headers.parent_id) meta.parent_id = headers.parent_id
  if (!runtime.app.options.extendedResults) return meta
  return Object.assign(meta, {
    name: headers.task,
    args,
    kwargs,
    worker: runtime.settings.hostname,
    retries: request.retries,
    queue: request.queue,
  })
}

/** Keeps the state, unless nobody is to know the task's result. */
export function keep(
  runtime: Runtime,
  request: TaskRequest,
  status: TaskState,
  result: unknown,
  traceback: string | null = null,
): Promise<void> {
  const { results } = runtime
  if (!results || request.ignoresResult) return Promise.resolve()
  const meta = metaOf(runtime, request, status, result, traceback)
  return persist(runtime, `storing ${status}`, request.id, () => results.store(meta))
}
