import { celeryExceptions } from '../../protocol/celery-exceptions.ts'
import { exceptionData } from '../../protocol/exceptions.ts'
import { formatTime } from '../../protocol/time.ts'
import { persist } from '../persist.ts'
import { nowOf, type Runtime } from '../runtime.ts'

/** States that a task which nobody has begun can have. */
const unbegun = new Set(['PENDING', 'RECEIVED', 'RETRY', 'REJECTED'])

/** Keeps REVOKED at once for tasks that no worker has begun, as Celery does, so that who waits need not wait on. */
export async function storeRevoked(runtime: Runtime, taskIds: readonly string[]): Promise<void> {
  const { results } = runtime
  if (!results) return
  const metas = await persist(runtime, 'reading states', taskIds[0], () => results.get(taskIds))
  const { data: result } = exceptionData(celeryExceptions.taskRevoked('revoked'))
  const date_done = formatTime(new Date(nowOf(runtime))) ?? null
  for (const [at, task_id] of taskIds.entries()) {
    const status = metas[at]?.status
    if (status !== undefined && !unbegun.has(status)) continue
    const meta = { task_id, status: 'REVOKED', result, traceback: null, children: [], date_done }
    await persist(runtime, 'storing REVOKED', task_id, () => results.store(meta))
  }
}
