import { TaskError } from '../errors.ts'
import { pythonArgsRepr, pythonRepr } from './repr.ts'

const celery = 'celery.exceptions'
const billiard = 'billiard.exceptions'

/**
 * The exceptions that Celery itself raises or stores, with the modules and arguments that its Python gives them, so
 * that a Python caller's `except` catches what this package stored.
 */
export const celeryExceptions = {
  /** No worker of the queue knows the task. */
  notRegistered: (task: string) => new TaskError('NotRegistered', { module: celery, args: [task] }),
  /** The hard time limit of so many seconds. */
  timeLimitExceeded: (seconds: number) =>
    new TaskError('TimeLimitExceeded', { module: billiard, args: [seconds] }),
  softTimeLimitExceeded: () => new TaskError('SoftTimeLimitExceeded', { module: billiard, args: [] }),
  workerLost: (message: string) => new TaskError('WorkerLostError', { module: billiard, args: [message] }),
  /** `reason` is `revoked`, `expired` or `terminated`. */
  taskRevoked: (reason: string) => new TaskError('TaskRevokedError', { module: celery, args: [reason] }),
  /** A part of a chord failed; `part` as `reprOfException` shows it. */
  chordError: (taskId: string, part: string) =>
    new TaskError('ChordError', { module: celery, args: [`Dependency ${taskId} raised ${part}`] }),
  maxRetriesExceeded: (task: string, id: string, args: readonly unknown[], kwargs: Record<string, unknown>) =>
    new TaskError('MaxRetriesExceededError', {
      module: celery,
      args: [`Can't retry ${task}[${id}] args:${pythonArgsRepr(args)} kwargs:${pythonRepr(kwargs)}`],
    }),
  retry: (message: string, cause?: unknown) =>
    new TaskError('Retry', { module: celery, args: [message], cause }),
  /** For good: Python's `Reject` has `requeue` False when it is not said, and people are shown the reason alone. */
  reject: (reason: string) => new TaskError('Reject', { module: celery, args: [reason] }),
} as const
