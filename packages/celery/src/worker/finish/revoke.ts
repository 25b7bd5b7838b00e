import { celeryExceptions } from '../../protocol/celery-exceptions.ts'
import { exceptionData } from '../../protocol/exceptions.ts'
import type { Revocation } from '../events.ts'
import type { Runtime } from '../runtime.ts'
import type { TaskRequest } from '../task-request.ts'
import { crashed } from './crash.ts'
import { done } from './done.ts'
import { ended } from './ended.ts'
import { failureFollows } from './follow-up.ts'
import { keep } from './meta.ts'
import { acknowledge } from './settle.ts'

/** Ends a request that is not to be run, or not any further. */
export function endRevoked(runtime: Runtime, request: TaskRequest, how: Revocation): void {
  if (request.isDecided) return
  request.isDecided = true
  request.clearTimers()
  revoke(runtime, request, how).then(
    () => done(runtime, request),
    (error: unknown) => crashed(runtime, request, error),
  )
}

async function revoke(runtime: Runtime, request: TaskRequest, how: Revocation): Promise<void> {
  if (request.tracking) await request.tracking
  const reason = how.expired ? 'expired' : how.terminated ? 'terminated' : 'revoked'
  const { data: exception } = exceptionData(celeryExceptions.taskRevoked(reason))
  runtime.events.revoked(request.id, how)
  await keep(runtime, request, 'REVOKED', exception)
  await failureFollows(runtime, request.message, { state: 'REVOKED', exception, traceback: '' })
  ended(runtime, request, 'REVOKED', reason)
  runtime.log.info({ id: request.id, task: request.task }, `task ${reason}`)
  await acknowledge(runtime, request)
}
