import type { AppCore } from './app/app-core.ts'
import { lookForNamesake, mingle } from './control/mingle.ts'
import { servePidbox } from './control/pidbox.ts'
import { createWorkerEvents } from './events/worker-events.ts'
import { type Checks, checkOptions, checkValue } from './options/check.ts'
import { flag, having } from './options/kinds.ts'
import type { WorkerService } from './worker/events.ts'
import { type WorkerOptions as CoreOptions, workerChecks } from './worker/options.ts'
import type { WorkerSurface } from './worker/surface.ts'
import { createWorker as createCoreWorker, type Worker } from './worker/worker.ts'

export interface WorkerOptions extends CoreOptions {
  /** Send the events of tasks from the start, not only once a watcher such as Flower asks for them: Celery's `-E`. */
  taskEvents?: boolean
  /** Answer `celery inspect`, `celery control` and Flower, and ask other workers what was revoked: true when absent. */
  control?: boolean
}

const appCheck = having('an app, as createCelery gives', 'publishTask', 'broker', 'queue')
const checks: Checks<WorkerOptions> = { ...workerChecks, taskEvents: flag, control: flag }

/**
 * A worker that runs the app's tasks, is seen by Flower, and does what remote control says.
 *
 *   const worker = createWorker(app, { queues: ['celery'] })
 *   await worker.start()
 *
 * @throws CeleryError `BAD_OPTION`. Nothing connects before `start`.
 */
export function createWorker(app: AppCore, options: WorkerOptions = {}): Worker {
  checkValue(app, appCheck, 'app', 'createWorker')
  checkOptions(options, checks, 'createWorker')
  const { taskEvents = false, control = true, ...core } = options
  const services: WorkerService[] = control ? [joinOthers, servePidbox] : []
  return createCoreWorker(app, {
    ...core,
    events: core.events ?? createWorkerEvents({ taskEvents }),
    services: [...services, ...(core.services ?? [])],
  })
}

async function joinOthers(worker: WorkerSurface) {
  const hasNamesake = await mingle(worker)
  return hasNamesake ? { async stop() {} } : lookForNamesake(worker)
}
