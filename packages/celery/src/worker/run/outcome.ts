import { InvalidArguments } from '../../app/bind-arguments.ts'
import type { AnyTaskDefinition, RetryPolicy } from '../../app/task.ts'
import type { DeathReason } from '../../brokers/dead-letter-store.ts'
import { TaskError } from '../../errors.ts'
import { exceptionData } from '../../protocol/exceptions.ts'
import type { SignatureData } from '../../protocol/message.ts'
import type { ExceptionData } from '../../results/port.ts'
import { IgnoreSignal, RejectSignal, ReplaceSignal, RetrySignal } from './signals.ts'

/** How a run of a task ended: plain values, so that it can come from a thread. */
export type Outcome =
  | { kind: 'success'; value: unknown }
  | Failure
  | Retry
  | { kind: 'replace'; signature: SignatureData }
  | { kind: 'ignore' }
  | { kind: 'reject'; requeue: boolean; reason: string }
  | { kind: 'lost'; why: string }

export interface Failure {
  kind: 'failure'
  exception: ExceptionData
  traceback: string
  /** The task's policy says that it is worth another try. */
  isRetriable: boolean
  /** What makes it a dead letter, whether or not a retry is left. */
  reason: DeathReason | undefined
}

export interface Retry {
  kind: 'retry'
  /** Undefined when the task gave no cause. */
  exception: ExceptionData | undefined
  traceback: string
  countdown: number | undefined
  /** Milliseconds since 1970. */
  eta: number | undefined
  max: number | undefined
  args: unknown[] | undefined
  kwargs: Record<string, unknown> | undefined
}

/** What a thrown error makes of the run. Never throws, whatever was thrown. */
export function outcomeOfError(
  error: unknown,
  policy: RetryPolicy | undefined,
  signal: AbortSignal | undefined,
): Outcome {
  try {
    return outcomeOfReadable(error, policy, signal)
  } catch {
    // Its own code threw as it was looked at.
    return failure(error, { isRetriable: isRetriable(error, policy) })
  }
}

function outcomeOfReadable(
  error: unknown,
  policy: RetryPolicy | undefined,
  signal: AbortSignal | undefined,
): Outcome {
  if (error instanceof RetrySignal) return retryOf(error)
  if (error instanceof ReplaceSignal) return { kind: 'replace', signature: error.signature }
  if (error instanceof IgnoreSignal) return { kind: 'ignore' }
  if (error instanceof RejectSignal) return { kind: 'reject', requeue: error.requeue, reason: error.reason }
  if (error instanceof InvalidArguments) return failure(error, { reason: 'invalid_arguments' })
  const cause = signal?.aborted && isAbort(error, signal) ? signal.reason : error
  return failure(cause, { isRetriable: isRetriable(cause, policy) })
}

export function failure(
  error: unknown,
  { isRetriable = false, reason }: { isRetriable?: boolean; reason?: DeathReason } = {},
): Failure {
  const { data, traceback } = exceptionData(error)
  return { kind: 'failure', exception: data, traceback, isRetriable, reason }
}

/** A success, or what is wrong with the value in the eyes of the task's schema. */
export function outcomeOfValue(definition: AnyTaskDefinition, value: unknown): Outcome | Promise<Outcome> {
  if (!definition.output) return { kind: 'success', value }
  const checked = definition.output['~standard'].validate(value)
  return checked instanceof Promise
    ? checked.then((result) => accepted(definition, result))
    : accepted(definition, checked)
}

function accepted(
  definition: AnyTaskDefinition,
  checked: { readonly issues?: readonly { message: string }[] | undefined; readonly value?: unknown },
): Outcome {
  if (checked.issues === undefined) return { kind: 'success', value: checked.value }
  const issues = checked.issues.map((issue) => issue.message).join('; ')
  return failure(
    new TaskError('ValueError', { args: [`the result of ${definition.name} is not valid: ${issues}`] }),
  )
}

function retryOf({ options, stack }: RetrySignal): Retry {
  const cause = options.cause === undefined ? undefined : exceptionData(options.cause)
  return {
    kind: 'retry',
    exception: cause?.data,
    traceback: cause?.traceback ?? stack ?? '',
    countdown: options.countdown,
    eta: options.eta?.getTime(),
    max: options.max,
    args: options.args,
    kwargs: options.kwargs,
  }
}

/** What `signal` makes others throw: its reason itself, or an `AbortError` of their own. */
function isAbort(error: unknown, signal: AbortSignal): boolean {
  if (error === signal.reason) return true
  return error instanceof Error && (error.name === 'AbortError' || error.cause === signal.reason)
}

function isRetriable(error: unknown, policy: RetryPolicy | undefined): boolean {
  if (!policy) return false
  try {
    const isWorth: unknown = policy.on?.(error) ?? true
    if (!isThenable(isWorth)) return Boolean(isWorth)
    // Its answer would come too late, and its rejection would be nobody's.
    Promise.resolve(isWorth).catch(() => undefined)
    return false
  } catch {
    // A rule that fails says nothing: the task's own error is what is kept.
    return false
  }
}

export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}
