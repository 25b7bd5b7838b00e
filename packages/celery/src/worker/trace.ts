import { randomBytes } from 'node:crypto'
import type { TaskMessage } from '../protocol/message.ts'

/** Follows a task's run in a tracer such as OpenTelemetry's. */
export interface WorkerTracer {
  /** Begins the span of a run; what it returns ends it. Neither may throw. */
  begin(run: TracedRun): (end: { state: string; exception: string | undefined }) => void
}

/** The run of a task, as a tracer is told of it. */
export interface TracedRun {
  message: TaskMessage
  queue: string
  /** The span's own, to be carried on by what the task sends. */
  traceparent: string
  /** That of who sent the task, when it sent one. */
  parent: string | undefined
}

const traceparentPattern = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/

/**
 * A new span within the trace of `parent`; undefined when that is none.
 * @see https://www.w3.org/TR/trace-context/#traceparent-header
 */
export function childTraceparent(parent: unknown, spanId: string): string | undefined {
  if (typeof parent !== 'string') return undefined
  const [, version, traceId, parentId, flags, more] = traceparentPattern.exec(parent) ?? []
  if (traceId === undefined || version === 'ff' || (version === '00' && more !== undefined)) return undefined
  if (/^0+$/.test(traceId) || /^0+$/.test(parentId ?? '')) return undefined
  return `00-${traceId}-${spanId}-${flags}`
}

export function newTraceparent(): string {
  return `00-${randomBytes(16).toString('hex')}-${newSpanId()}-01`
}

export function newSpanId(): string {
  return randomBytes(8).toString('hex')
}
