import { celeryExceptions } from '../../protocol/celery-exceptions.ts'
import { persist } from '../persist.ts'
import { failure } from '../run/outcome.ts'
import type { Runtime } from '../runtime.ts'
import type { TaskRequest } from '../task-request.ts'
import { comeBack } from './come-back.ts'
import { ended } from './ended.ts'
import { fail } from './fail.ts'
import { readLosses } from './history.ts'

/** The thread died under the task, or it ended the process: back into its queue with a mark, as often as the worker allows. */
export async function lose(runtime: Runtime, request: TaskRequest, why: string): Promise<void> {
  const { settings } = runtime
  const goesBack = request.profile.isLate && settings.rejectOnWorkerLost && !request.acknowledged
  if (!goesBack) return await fail(runtime, request, { ...lost(why), reason: undefined })
  const losses = readLosses(request.delivery.message.headers) + 1
  if (losses >= settings.maxDeliveries) return await failAsLost(runtime, request, losses, why)
  const { id, task } = request
  runtime.log.warn({ id, task, losses }, `a task was lost (${why}); it is tried again`)
  await persist(runtime, 'putting a task back', id, () =>
    comeBack(runtime, request, losses, { event: 'worker_lost', detail: why }),
  )
  ended(runtime, request, 'LOST', why)
}

/** It was begun so often and never finished: it is not begun again. */
export async function failAsLost(
  runtime: Runtime,
  request: TaskRequest,
  starts: number,
  why: string,
): Promise<void> {
  const outcome = lost(`The task was begun ${starts} times and its worker was lost each time: ${why}`)
  await fail(runtime, request, { ...outcome, reason: 'worker_lost' })
}

function lost(why: string) {
  const { exception, traceback } = failure(celeryExceptions.workerLost(why))
  return { exception, traceback }
}
