import { reprOfException } from '../../protocol/exceptions.ts'
import type { ExceptionData } from '../../results/port.ts'

/**
 * What a log and a span may tell of an exception. Celery's own words for a task that is out of retries, and with them
 * the traceback, hold the task's arguments.
 */
export function loggable(
  exception: ExceptionData,
  traceback: string,
): { shown: string; traceback: string | undefined } {
  if (exception.exc_type === 'MaxRetriesExceededError') {
    return { shown: exception.exc_type, traceback: undefined }
  }
  return { shown: reprOfException(exception, 1_024), traceback }
}
