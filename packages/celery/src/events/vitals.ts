import type { WorkerSurface } from '../worker/surface.ts'
import type { Vitals } from './heartbeat.ts'

export function vitalsOf(worker: WorkerSurface): Vitals {
  let processed = 0
  for (const count of Object.values(worker.totals())) processed += count
  return { active: worker.active().length, processed }
}
