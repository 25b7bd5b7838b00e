import { formatTime } from '../protocol/time.ts'
import { isReady, type TaskMeta, type TaskState } from './port.ts'

/** Whose document it is, and what it belongs to. */
export interface TaskIdentity {
  id: string
  group?: string | null | undefined
  parentId?: string | null | undefined
  /** Result tuples of what was sent for it. */
  children?: unknown[]
}

export interface StandingTask {
  status: TaskState
  result: unknown
  traceback?: string | null
}

/** The document that says how a task stands. */
export function taskMeta(
  { id, group, parentId, children = [] }: TaskIdentity,
  { status, result, traceback = null }: StandingTask,
  now: Date,
): TaskMeta {
  return {
    task_id: id,
    status,
    result,
    traceback,
    children,
    date_done: isReady(status) ? (formatTime(now) ?? null) : null,
    ...(group && { group_id: group }),
    ...(parentId && { parent_id: parentId }),
  }
}
