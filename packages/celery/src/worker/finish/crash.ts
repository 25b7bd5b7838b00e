import { exceptionData } from '../../protocol/exceptions.ts'
import { Abandoned } from '../persist.ts'
import { inBackground, type Runtime } from '../runtime.ts'
import type { TaskRequest } from '../task-request.ts'
import { comeBack } from './come-back.ts'
import { bury } from './dead-letter.ts'
import { done } from './done.ts'
import { ended } from './ended.ts'
import { readLosses } from './history.ts'
import { putAside } from './put-aside.ts'
import { discard, giveBack } from './settle.ts'
import { tellFailure } from './tell-failure.ts'

/**
 * A mistake in the worker's own code: it is logged with the task, the worker lives, and the message comes again after
 * a while, as often as one whose worker was lost; then it is a dead letter. Never throws.
 */
export async function crashed(runtime: Runtime, request: TaskRequest, error: unknown): Promise<void> {
  const { id, task, acknowledged, thread, context } = request
  request.isDecided = true
  context?.abort(error)
  thread?.abort(error)
  // Its end was noted after all else that was to come of it, or the task is a retry or another by now.
  const isTold = request.hasEnded
  note(runtime, request, error)
  if (error instanceof Abandoned) {
    runtime.log.warn({ err: error, id, task, acknowledged }, 'a task is not finished before the worker stops')
    await giveBack(runtime, request)
  } else {
    runtime.log.error({ err: error, id, task, acknowledged }, 'a task could not be finished')
    await retire(runtime, request, error, isTold)
  }
  done(runtime, request)
}

/** A mistake in the metrics may be what has led here. */
function note(runtime: Runtime, request: TaskRequest, error: unknown): void {
  try {
    ended(runtime, request, error instanceof Abandoned ? 'LOST' : 'CRASHED', textOf(error))
  } catch (failed) {
    runtime.log.warn({ err: failed }, 'the metrics failed')
  }
}

async function retire(
  runtime: Runtime,
  request: TaskRequest,
  error: unknown,
  isTold: boolean,
): Promise<void> {
  const { data: exception, traceback } = exceptionData(error)
  const failure = { exception, traceback }
  try {
    if (request.acknowledged) {
      if (!isTold) await tellFailure(runtime, request, failure)
      return
    }
    const losses = readLosses(request.delivery.message.headers) + 1
    if (losses < runtime.settings.maxDeliveries) {
      await comeBack(runtime, request, losses, { event: 'crash', detail: textOf(error) })
      return
    }
    const { id: taskId, task } = request
    await bury(runtime, request.delivery, { reason: 'worker_lost', taskId, task, ...failure })
    if (!isTold) await tellFailure(runtime, request, failure)
    await discard(runtime, request)
  } catch (failed) {
    runtime.log.error({ err: failed, id: request.id }, 'what became of a task that crashed could not be told')
    if (request.acknowledged) return
    request.isLeaving = true
    inBackground(runtime, 'putting a message aside', putAside(runtime, request.delivery))
  }
}

/** What was thrown may have no text, or throw again when it is asked for it. */
function textOf(error: unknown): string {
  try {
    return String(error)
  } catch {
    return 'an error that cannot be read'
  }
}
