import { runAsTask } from '../../app/current-task.ts'
import { afterFailure, afterSuccess, type TaskFailure } from '../../canvas/after-task.ts'
import { isRefused } from '../../errors.ts'
import type { TaskMessage } from '../../protocol/message.ts'
import { persistentApp } from '../persistent-app.ts'
import type { Runtime } from '../runtime.ts'
import type { TaskRequest } from '../task-request.ts'

/** Sends what follows a success and keeps its result by `keep`, in Celery's order; waits for servers that are down. */
export function successFollows(
  runtime: Runtime,
  request: TaskRequest,
  value: unknown,
  keep: () => Promise<void>,
): Promise<void> {
  const { message, context } = request
  const { callbacks, chain, chord } = message.embed
  if ((!callbacks?.length && !chain?.length && !chord) || !context) return keep()
  const app = persistentApp(runtime, 'sending what follows', request.id)
  return runAsTask(context, () => afterSuccess(app, message, value, keep))
}

/** What cannot be told of the failure, for want of a readable signature, is logged: the failure itself stands. */
export async function failureFollows(
  runtime: Runtime,
  message: TaskMessage,
  failure: TaskFailure,
): Promise<void> {
  const { errbacks, chain, chord } = message.embed
  if (!errbacks?.length && !chain?.length && !chord) return
  const { id } = message.headers
  try {
    await afterFailure(persistentApp(runtime, 'telling of a failure', id), message, failure)
  } catch (error) {
    if (!isRefused(error)) throw error
    runtime.log.error({ err: error, id }, 'what follows a failed task could not be told')
  }
}
