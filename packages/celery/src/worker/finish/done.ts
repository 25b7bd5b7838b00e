import { exceptionData } from '../../protocol/exceptions.ts'
import { type Runtime, tellIdle } from '../runtime.ts'
import type { TaskRequest } from '../task-request.ts'
import { metaOf } from './meta.ts'
import { giveBack } from './settle.ts'

/** Lets go of a request: its timers, its slot, its place among those in hand. */
export function done(runtime: Runtime, request: TaskRequest): void {
  if (!runtime.requests.delete(request)) return
  request.clearTimers()
  if (request.isCounted) forgetStarts(runtime, request.id)
  const { slots } = request
  request.slots = undefined
  slots?.release()
  tellIdle(runtime)
}

/** A mistake in the worker's own code: the message goes back and the worker lives. */
export async function crashed(runtime: Runtime, request: TaskRequest, error: unknown): Promise<void> {
  request.isSettled = true
  runtime.log.error(
    { err: error, id: request.id, task: request.task, acknowledged: request.acknowledged },
    request.acknowledged
      ? 'a task could not be finished, and was acknowledged before it ran'
      : 'a task could not be finished, and goes back into its queue',
  )
  request.context?.abort(error)
  request.endSpan?.({ state: 'CRASHED', exception: String(error) })
  if (request.acknowledged) await storeCrash(runtime, request, error)
  else await giveBack(runtime, request)
  done(runtime, request)
}

/** It will not run again, so who waits for it is told; a success that was kept stays. */
async function storeCrash(runtime: Runtime, request: TaskRequest, error: unknown): Promise<void> {
  const { results, log } = runtime
  if (!results || request.ignoresResult) return
  const { data, traceback } = exceptionData(error)
  try {
    await results.store(metaOf(runtime, request, 'FAILURE', data, traceback))
  } catch (failed) {
    log.error({ err: failed, id: request.id }, 'the failure of a task could not be stored')
  }
}

/** A day later they are forgotten anyway. */
function forgetStarts({ results, log }: Runtime, id: string): void {
  results?.forgetStarts(id).catch((error: unknown) => {
    log.debug({ err: error, id }, 'the count of starts could not be forgotten')
  })
}
