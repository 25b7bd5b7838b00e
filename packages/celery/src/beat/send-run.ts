import type { AppCore } from '../app/app-core.ts'
import { sendTask } from '../app/send-task.ts'
import type { Broker, SqlClient } from '../brokers/port.ts'
import type { ReadyEntry } from './entry.ts'
import type { Run, ScheduleStore } from './store.ts'

/** Sends the task of a run, in the store's transaction where the broker is the same database. */
export async function sendRun(
  app: AppCore,
  store: ScheduleStore,
  entry: ReadyEntry,
  run: Run,
  transaction?: SqlClient,
): Promise<void> {
  const { name, args, kwargs, options } = entry.call
  // The first of these is Python's; the second tells the task for when it is run.
  const headers = { ...options.headers, celery_beat_task: true, celery_beat_due: run.due.toISOString() }
  const call = { name, args, kwargs, options: { ...options, headers, task_id: run.taskId } }
  const isWithin = transaction !== undefined && isSameDatabase(store, await app.broker())
  await sendTask(app, call, isWithin ? { transaction } : {})
}

/** Whether a run's row and its message can be written in one transaction. */
export function isSameDatabase(store: ScheduleStore, broker: Broker): boolean {
  const place = store.describe()
  if (place === undefined || store.kind !== 'postgres' || broker.kind !== 'postgres') return false
  const { hostname, port, virtual_host } = broker.describe()
  return hostname === place.hostname && (port ?? 5432) === place.port && virtual_host === place.database
}
