import type { Runtime } from '../runtime.ts'
import type { TaskRequest } from '../task-request.ts'

/** Notes the end in metrics and trace, the first that is told; returns how long it ran, in seconds: 0 if it never did. */
export function ended(runtime: Runtime, request: TaskRequest, state: string, exception?: string): number {
  const { context } = request
  const ran = context && (performance.now() - context.beganAt) / 1_000
  const seconds = ran ?? 0
  if (request.hasEnded) return seconds
  request.hasEnded = true
  runtime.metrics.finished(request.task, state, ran)
  request.endSpan?.({ state, exception })
  request.endSpan = undefined
  return seconds
}
