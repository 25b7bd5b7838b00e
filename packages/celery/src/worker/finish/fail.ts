import type { Failure } from '../run/outcome.ts'
import type { Runtime } from '../runtime.ts'
import type { TaskRequest } from '../task-request.ts'
import { bury } from './dead-letter.ts'
import { ended } from './ended.ts'
import { failureFollows } from './follow-up.ts'
import { loggable } from './loggable.ts'
import { keep } from './meta.ts'
import { acknowledge, discard } from './settle.ts'

/** A failure for good: kept, told to what was to follow, a dead letter where it has a reason, and acknowledged. */
export async function fail(
  runtime: Runtime,
  request: TaskRequest,
  { exception, traceback, reason }: Omit<Failure, 'kind' | 'isRetriable'>,
): Promise<void> {
  const { id: taskId, task } = request
  await keep(runtime, request, 'FAILURE', exception, traceback)
  await failureFollows(runtime, request.message, { state: 'FAILURE', exception, traceback })
  const isKept =
    !reason || (await bury(runtime, request.delivery, { reason, taskId, task, exception, traceback }))
  const told = loggable(exception, traceback)
  const seconds = ended(runtime, request, 'FAILURE', told.shown)
  runtime.log.error({ id: taskId, task, seconds, traceback: told.traceback }, `task failed: ${told.shown}`)
  runtime.events.failed(taskId, exception, traceback)
  if (isKept && request.profile.ackOnFailure) await acknowledge(runtime, request)
  else await discard(runtime, request)
}
