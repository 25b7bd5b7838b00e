import type { TaskMeta, TaskState } from '../../results/port.ts'
import { taskMeta } from '../../results/task-meta.ts'
import { persist } from '../persist.ts'
import { nowOf, type Runtime } from '../runtime.ts'
import type { TaskRequest } from '../task-request.ts'

/** A request, or as much as is known of a message that becomes none. */
type Known = Pick<TaskRequest, 'message' | 'queue'> & Partial<Pick<TaskRequest, 'context'>>

/** The document that says how the task stands. */
export function metaOf(
  runtime: Runtime,
  { message, queue, context }: Known,
  status: TaskState,
  result: unknown,
  traceback: string | null = null,
): TaskMeta {
  const { args, kwargs } = message
  const { id, task: name, group, parent_id: parentId, retries = 0 } = message.headers
  const about = { id, group, parentId, children: context?.children ?? [] }
  const meta = taskMeta(about, { status, result, traceback }, new Date(nowOf(runtime)))
  if (!runtime.app.options.extendedResults) return meta
  return { ...meta, name, args, kwargs, worker: runtime.settings.hostname, retries, queue }
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
