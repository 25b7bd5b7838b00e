import { nowOf, type Runtime } from '../runtime.ts'
import type { TaskRequest } from '../task-request.ts'

/** Notes the end in metrics and trace, the first that is told; returns how long it ran, in seconds. */
export function ended(runtime: Runtime, request: TaskRequest, state: string, exception?: string): number {
  const seconds = request.startedMs === 0 ? 0 : (nowOf(runtime) - request.startedMs) / 1_000
  if (request.hasEnded) return seconds
  request.hasEnded = true
  runtime.metrics.finished(request.task, state, seconds)
  request.endSpan?.({ state, exception })
  request.endSpan = undefined
  return seconds
}
