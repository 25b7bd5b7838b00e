import type { AppCore } from '../app/app-core.ts'
import { formatTime } from '../protocol/time.ts'
import type { TaskMeta } from '../results/port.ts'

/** Ids asked of the result store at a time. */
const chunk = 100
/**
 * No worker has told that it began these. One that runs without `trackStarted` does not tell: the end of such a task
 * takes the place of REVOKED.
 */
const unbegun = new Set(['PENDING', 'RECEIVED', 'RETRY', 'REJECTED'])

/**
 * Keeps the state REVOKED for tasks that nobody is known to have begun, so that those who wait for them need not wait
 * until a worker meets the message. A store that cannot be reached is only logged: the task is revoked all the same.
 */
export async function markRevoked(app: AppCore, taskIds: readonly string[]): Promise<void> {
  try {
    const results = await app.results()
    if (results === undefined) return
    for (let from = 0; from < taskIds.length; from += chunk) {
      const ids = taskIds.slice(from, from + chunk)
      const metas = await results.get(ids)
      const waiting = ids.filter((_, index) => unbegun.has(metas[index]?.status ?? 'PENDING'))
      await Promise.all(waiting.map((id) => results.store(revokedMeta(id, app.options.now()))))
    }
  } catch (error) {
    app.options.log.warn({ err: error }, 'revoked tasks could not be marked in the result store')
  }
}

function revokedMeta(taskId: string, now: Date): TaskMeta {
  return {
    task_id: taskId,
    status: 'REVOKED',
    result: { exc_type: 'TaskRevokedError', exc_message: ['revoked'], exc_module: 'celery.exceptions' },
    traceback: null,
    children: [],
    date_done: formatTime(now) ?? null,
  }
}
