import { CeleryError } from '../errors.ts'
import type { WorkerSurface } from '../worker/surface.ts'

/** The name, if the worker has a task of it. The message is Celery's. */
export function requireTask(worker: WorkerSurface, name: string): string {
  if (!worker.app.tasks.has(name)) throw new CeleryError('BAD_ARGUMENTS', 'unknown task')
  return name
}
