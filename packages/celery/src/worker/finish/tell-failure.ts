import { within } from '../../async/within.ts'
import type { Failure } from '../run/outcome.ts'
import type { Runtime } from '../runtime.ts'
import type { TaskRequest } from '../task-request.ts'
import { failureFollows } from './follow-up.ts'
import { keep } from './meta.ts'

/** Seconds for which what follows waits for the result store at a stop: less than a cold one gives all of this. */
const storedWithin = 3

/**
 * Tells, once, of a task that failed without an end of its own and will not run again: its state is stored, an event
 * sent, and what comes after it hears. A store that is away is waited for, but when the worker stops it keeps none of
 * the others from it; a success that was kept stays. Rejects when what comes after it cannot be told.
 */
export async function tellFailure(
  runtime: Runtime,
  request: TaskRequest,
  { exception, traceback }: Pick<Failure, 'exception' | 'traceback'>,
): Promise<void> {
  const { abandon, log, events } = runtime
  const { id } = request
  try {
    const kept = keep(runtime, request, 'FAILURE', exception, traceback)
    await (abandon.signal.aborted ? within(storedWithin, kept) : kept)
  } catch (error) {
    log.error({ err: error, id }, 'the failure of a task could not be stored')
  }
  events.failed(id, exception, traceback)
  await failureFollows(runtime, request.message, { state: 'FAILURE', exception, traceback })
}
