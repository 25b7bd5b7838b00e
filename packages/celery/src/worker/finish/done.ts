import type { Delivery } from '../../brokers/port.ts'
import { inBackground, type Runtime, tellIdle } from '../runtime.ts'
import type { TaskRequest } from '../task-request.ts'
import { settleAgain } from './settle.ts'

/** Lets go of a request: its timers, its slot, its place among those in hand. */
export function done(runtime: Runtime, request: TaskRequest): void {
  if (!runtime.requests.delete(request)) return
  request.clearTimers()
  if (runtime.heldLong.delete(request)) runtime.onHeldChanged()
  if (request.isCounted) forgetStarts(runtime, request.id)
  if (request.copies) settleCopies(runtime, request, request.copies)
  const { slots } = request
  request.slots = undefined
  if (request.hasRun) slots?.written()
  else slots?.release()
  tellIdle(runtime)
}

/** What became of the one is what becomes of the others; what was not done comes again. */
function settleCopies(
  runtime: Runtime,
  { acknowledged, isDiscarded }: TaskRequest,
  copies: readonly Delivery[],
): void {
  for (const copy of copies) {
    const work = acknowledged ? settleAgain(copy, isDiscarded) : copy.requeue()
    inBackground(runtime, 'settling a message that was sent twice', work)
  }
}

/** A day later they are forgotten anyway. */
function forgetStarts({ results, log }: Runtime, id: string): void {
  results?.forgetStarts(id).catch((error: unknown) => {
    log.debug({ err: error, id }, 'the count of starts could not be forgotten')
  })
}
