import { currentTask } from '../app/current-task.ts'
import type { Log } from '../log.ts'
import { exceptionData } from '../protocol/exceptions.ts'
import { decideEnd } from './finish/finish.ts'
import { loggable } from './finish/loggable.ts'
import type { Runtime } from './runtime.ts'
import type { TaskRequest } from './task-request.ts'

/** Tasks that one line of the log names. */
const mostNamed = 20

/**
 * An error that nobody caught, which ends the process. The task that it came from is the one whose asynchronous
 * context it is told in; where that is unknown, or has ended, it may be any that runs on the event loop. These have
 * lost their worker, and are counted as if the process had been killed. Nothing new begins.
 */
export function blame(runtime: Runtime | undefined, log: Log, error: unknown): void {
  const { data, traceback } = exceptionData(error)
  const told = loggable(data, traceback)
  const why = `an error that nobody caught: ${told.shown}`
  const suspects = runtime ? suspectsOf(runtime) : []
  log.error({ ...named(suspects), traceback: told.traceback }, `the worker ends for ${why}`)
  if (!runtime) return
  runtime.isStopping = true
  for (const request of suspects) {
    decideEnd(runtime, request, { kind: 'lost', why })
    request.context?.abort(error)
  }
}

function suspectsOf({ requests }: Runtime): TaskRequest[] {
  const current = currentTask()
  const onLoop = [...requests].filter(
    ({ context, thread, isDecided }) => context !== undefined && thread === undefined && !isDecided,
  )
  const culprits = onLoop.filter(({ context }) => context === current)
  return culprits.length > 0 ? culprits : onLoop
}

/** The task that it came from, or, where that is not one that runs, those that run as well. */
function named(suspects: readonly TaskRequest[]): object {
  const current = currentTask()
  const culprit = current && { id: current.id, task: current.headers.task }
  if (culprit && suspects.some(({ context }) => context === current)) return culprit
  const running = suspects.slice(0, mostNamed).map(({ id, task }) => ({ id, task }))
  return { ...culprit, running, count: suspects.length }
}
