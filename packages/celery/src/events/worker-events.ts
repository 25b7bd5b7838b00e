import { reprOfException } from '../protocol/exceptions.ts'
import { pythonArgsRepr, pythonRepr } from '../protocol/repr.ts'
import type { ExceptionData } from '../results/port.ts'
import type { WorkerEvents, WorkerEventsFactory } from '../worker/events.ts'
import type { RequestInfo, WorkerSurface } from '../worker/surface.ts'
import { createEventDispatcher, type EventDispatcher } from './dispatcher.ts'
import { type Heartbeat, startHeartbeat } from './heartbeat.ts'
import { vitalsOf } from './vitals.ts'

/** Characters of a traceback: its end says most. */
const maxTraceback = 16_384

/**
 * The events that Python's workers send. Heartbeats always; those of tasks only while `enabled`: from the start with
 * `taskEvents` (Celery's `-E`), else from when a watcher asks for them, as Flower does.
 */
export function createWorkerEvents(options: { taskEvents?: boolean } = {}): WorkerEventsFactory {
  const groups = options.taskEvents ? ['worker', 'task'] : ['worker']
  return (worker) => {
    const { app, broker, hostname } = worker
    const { log, now } = app.options
    return workerEvents(
      worker,
      createEventDispatcher({ broker, clock: app.clock, hostname, groups, log, now }),
    )
  }
}

function workerEvents(worker: WorkerSurface, dispatcher: EventDispatcher): WorkerEvents {
  let heartbeat: Heartbeat | undefined
  let enabled = dispatcher.isEnabled('task')
  return {
    get enabled() {
      return enabled
    },
    set enabled(value) {
      enabled = value
      if (value) dispatcher.enable('task')
      else dispatcher.disable('task')
    },
    async start() {
      heartbeat ??= startHeartbeat(dispatcher, () => vitalsOf(worker))
    },
    async stop() {
      await dispatcher.flush()
      heartbeat?.stop()
      await dispatcher.close()
    },

    received(request) {
      if (enabled) dispatcher.send('task-received', receivedFields(request))
    },
    started(taskId) {
      if (enabled) dispatcher.send('task-started', { uuid: taskId })
    },
    succeeded(taskId, result, runtime) {
      if (!enabled) return
      dispatcher.send('task-succeeded', { uuid: taskId, result: pythonRepr(result), runtime })
    },
    failed(taskId, exception, traceback) {
      if (enabled) dispatcher.send('task-failed', failureFields(taskId, exception, traceback))
    },
    retried(taskId, exception, traceback) {
      if (enabled) dispatcher.send('task-retried', failureFields(taskId, exception, traceback))
    },
    revoked(taskId, { terminated, signum, expired }) {
      if (enabled) dispatcher.send('task-revoked', { uuid: taskId, terminated, signum, expired })
    },
    rejected(taskId, requeue) {
      if (enabled) dispatcher.send('task-rejected', { uuid: taskId, requeue })
    },
  }
}

function receivedFields({ message }: RequestInfo): Record<string, unknown> {
  const { headers, args, kwargs } = message
  return {
    uuid: headers.id,
    name: headers.shadow || headers.task,
    args: headers.argsrepr ?? pythonArgsRepr(args),
    kwargs: headers.kwargsrepr ?? pythonRepr(kwargs),
    root_id: headers.root_id ?? headers.id,
    parent_id: headers.parent_id ?? null,
    retries: headers.retries ?? 0,
    eta: headers.eta ?? null,
    expires: headers.expires ?? null,
  }
}

function failureFields(uuid: string, exception: ExceptionData, traceback: string): Record<string, unknown> {
  return { uuid, exception: reprOfException(exception), traceback: traceback.slice(-maxTraceback) }
}
