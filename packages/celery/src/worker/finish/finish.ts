import { isRefused, TaskError } from '../../errors.ts'
import { celeryExceptions } from '../../protocol/celery-exceptions.ts'
import { persist } from '../persist.ts'
import { type Failure, failure, type Outcome, type Retry } from '../run/outcome.ts'
import { defaultMaxRetries } from '../run/retry-delay.ts'
import type { Runtime } from '../runtime.ts'
import type { TaskRequest } from '../task-request.ts'
import { comeBack } from './come-back.ts'
import { crashed } from './crash.ts'
import { bury } from './dead-letter.ts'
import { done } from './done.ts'
import { ended } from './ended.ts'
import { fail } from './fail.ts'
import { failureFollows, successFollows } from './follow-up.ts'
import { readLosses } from './history.ts'
import { lose } from './lose.ts'
import { keep } from './meta.ts'
import { replace } from './replace.ts'
import { retryLater } from './retry.ts'
import { acknowledge, discard } from './settle.ts'

/** The first word on how a request ends is the last: what comes after, such as from a task given up on, is nothing. */
export function decideEnd(runtime: Runtime, request: TaskRequest, outcome: Outcome): void {
  if (request.isDecided) return
  request.isDecided = true
  request.clearTimers()
  finish(runtime, request, outcome).then(
    () => done(runtime, request),
    (error: unknown) => crashed(runtime, request, error),
  )
}

async function finish(runtime: Runtime, request: TaskRequest, outcome: Outcome): Promise<void> {
  if (request.tracking) await request.tracking
  switch (outcome.kind) {
    case 'success':
      return await succeed(runtime, request, outcome.value ?? null)
    case 'failure':
      return await failOrRetry(runtime, request, outcome)
    case 'retry':
      return await retryOrFail(runtime, request, outcome)
    case 'replace':
      return await unlessRefused(runtime, request, () => replace(runtime, request, outcome.signature))
    case 'lost':
      return await lose(runtime, request, outcome.why)
    case 'reject':
      return await reject(runtime, request, outcome.requeue, outcome.reason)
    case 'ignore':
      ended(runtime, request, 'IGNORED')
      return await acknowledge(runtime, request)
  }
}

/** What follows is sent and the result kept before the message may go. */
async function succeed(runtime: Runtime, request: TaskRequest, value: unknown): Promise<void> {
  await unlessRefused(runtime, request, async () => {
    await successFollows(runtime, request, value, () => keep(runtime, request, 'SUCCESS', value))
    const seconds = ended(runtime, request, 'SUCCESS')
    runtime.log.debug({ id: request.id, task: request.task, seconds }, 'task succeeded')
    runtime.events.succeeded(request.id, value, seconds)
  })
  await acknowledge(runtime, request)
}

/**
 * A value or a signature that cannot be sent is the task's failure, not the worker's. `withoutQueue` is for what cannot
 * go back where it came from.
 */
async function unlessRefused(
  runtime: Runtime,
  request: TaskRequest,
  work: () => Promise<void>,
  withoutQueue?: () => Promise<void>,
): Promise<void> {
  try {
    await work()
  } catch (error) {
    // When the app is closed under the worker, the message comes again elsewhere: the task has not failed.
    if (!isRefused(error)) throw error
    if (error.code === 'UNROUTABLE' && withoutQueue) {
      const { id, task, queue } = request
      runtime.log.warn({ err: error, id, task, queue }, 'a task cannot go back into its queue')
      return await withoutQueue()
    }
    const cause =
      error.code === 'BAD_VALUE'
        ? new TaskError('EncodeError', { module: 'kombu.exceptions', args: [error.message] })
        : error
    await fail(runtime, request, failure(cause))
  }
}

async function failOrRetry(runtime: Runtime, request: TaskRequest, outcome: Failure): Promise<void> {
  if (!outcome.isRetriable) return await fail(runtime, request, outcome)
  const max = request.profile.retry?.max ?? defaultMaxRetries
  const forGood = () => fail(runtime, request, { ...outcome, reason: 'retries_exhausted' })
  if (request.retries >= max) return await forGood()
  const { exception, traceback } = outcome
  await unlessRefused(runtime, request, () => retryLater(runtime, request, { exception, traceback }), forGood)
}

async function retryOrFail(runtime: Runtime, request: TaskRequest, outcome: Retry): Promise<void> {
  const max = outcome.max ?? request.profile.retry?.max ?? defaultMaxRetries
  const forGood = () => failOutOfRetries(runtime, request, outcome)
  if (request.retries >= max) return await forGood()
  await unlessRefused(runtime, request, () => retryLater(runtime, request, outcome), forGood)
}

async function failOutOfRetries(runtime: Runtime, request: TaskRequest, outcome: Retry): Promise<void> {
  const { args, kwargs } = request.message
  const last = outcome.exception
    ? { exception: outcome.exception, traceback: outcome.traceback }
    : failure(celeryExceptions.maxRetriesExceeded(request.task, request.id, args, kwargs))
  const { exception, traceback } = last
  await fail(runtime, request, { exception, traceback, reason: 'retries_exhausted' })
}

/** Back into its queue after a pause, as often as the worker allows; or away. */
async function reject(runtime: Runtime, request: TaskRequest, requeue: boolean, why: string): Promise<void> {
  if (!requeue) return await rejectForGood(runtime, request, why)
  const starts = readLosses(request.delivery.message.headers) + 1
  if (starts >= runtime.settings.maxDeliveries) {
    return await rejectForGood(runtime, request, `${why}, as it has ${starts} times`)
  }
  const goBack = async () => {
    await persist(runtime, 'putting a task back', request.id, () =>
      comeBack(runtime, request, starts, { event: 'rejected', detail: why }),
    )
    ended(runtime, request, 'REJECTED')
    runtime.events.rejected(request.id, true)
  }
  await unlessRefused(runtime, request, goBack, () => rejectForGood(runtime, request, why))
}

async function rejectForGood(runtime: Runtime, request: TaskRequest, why: string): Promise<void> {
  const outcome = failure(celeryExceptions.reject(why))
  await keep(runtime, request, 'FAILURE', outcome.exception, outcome.traceback)
  const { exception, traceback } = outcome
  await failureFollows(runtime, request.message, { state: 'FAILURE', exception, traceback })
  const { id: taskId, task } = request
  await bury(runtime, request.delivery, { reason: 'rejected', taskId, task, exception, traceback })
  ended(runtime, request, 'REJECTED')
  runtime.events.rejected(request.id, false)
  await discard(runtime, request)
}
