import type { Call } from '../app/build-message.ts'
import type { AppCore } from '../app/celery.ts'
import type { SendOptions, SignatureLike } from '../app/send-options.ts'
import { signatureData, signatureOptions } from '../app/signature-options.ts'
import { CeleryError } from '../errors.ts'
import type { Schedule } from './schedules/schedule.ts'

/** What is sent, and when: one of Celery's `beat_schedule`. Its name there is its identity in the store. */
export interface BeatEntry {
  /** A task's name, a definition, or a signature of one task (its arguments and options go after those given here). */
  task: string | { name: string } | SignatureLike
  /** `interval(seconds)` or `crontab({ ... })`. */
  schedule: Schedule
  args?: unknown[]
  kwargs?: Record<string, unknown>
  options?: Omit<SendOptions, 'taskId' | 'transaction'>
  /** IANA name for a crontab; the app's when absent. */
  timeZone?: string
  /** False keeps the entry and sends nothing. */
  enabled?: boolean
  /**
   * After a time without a scheduler, `once` (when absent): the last missed run is made, however many there were;
   * `none`: none is, that is, `startingDeadline` is 60 seconds when absent.
   */
  catchUp?: 'once' | 'none'
  /** A run that could not be sent within so many seconds of its due time is left out: `beat_cron_starting_deadline`. */
  startingDeadline?: number
}

/** An entry, checked and with its defaults. */
export interface ReadyEntry {
  name: string
  schedule: Schedule
  timeZone: string
  enabled: boolean
  /** Seconds; infinite for a run that is never too late. */
  startingDeadline: number
  call: Call
}

/**
 * Checks everything of an entry that would otherwise fail when it is due.
 * @throws CeleryError BAD_OPTION that names the entry
 */
export function readyEntry(app: AppCore, name: string, entry: BeatEntry): ReadyEntry {
  try {
    return ready(app, name, entry)
  } catch (error) {
    if (!(error instanceof CeleryError)) throw error
    throw new CeleryError(error.code, `Entry ${JSON.stringify(name)}: ${error.message}`, { cause: error })
  }
}

function ready(app: AppCore, name: string, entry: BeatEntry): ReadyEntry {
  const { schedule, timeZone = app.options.timeZone, enabled = true, catchUp = 'once' } = entry
  const startingDeadline = entry.startingDeadline ?? (catchUp === 'none' ? 60 : Number.POSITIVE_INFINITY)
  if (name === '' || name.length > 200) throw bad('the name must have 1 to 200 characters')
  if (catchUp !== 'once' && catchUp !== 'none') throw bad('catchUp is once or none')
  if (!(startingDeadline > 0)) throw bad('startingDeadline must be a number of seconds above 0')
  if (typeof schedule?.next !== 'function') throw bad('schedule is interval(...) or crontab(...)')
  // Throws for a zone that does not exist.
  schedule.next(app.options.now(), timeZone)
  return { name, schedule, timeZone, enabled, startingDeadline, call: callOf(entry) }
}

function callOf({ task, args, kwargs, options }: BeatEntry): Call {
  const given = { args: args ?? [], kwargs: kwargs ?? {}, options: signatureOptions(options ?? {}) }
  if (typeof task === 'string') return named(task, given)
  if ('name' in task) return named(task.name, given)
  const signature = signatureData(task)
  if (signature.subtask_type) {
    throw bad(`a ${signature.subtask_type} cannot be an entry: put it in a task of its own that calls it`)
  }
  return named(signature.task, {
    args: [...given.args, ...signature.args],
    kwargs: { ...given.kwargs, ...signature.kwargs },
    options: { ...signature.options, ...given.options },
  })
}

function named(name: unknown, call: Omit<Call, 'name'>): Call {
  if (typeof name !== 'string' || name === '') throw bad('task has no name')
  if (!Array.isArray(call.args)) throw bad('args must be an array')
  return { name, ...call }
}

function bad(why: string): CeleryError {
  return new CeleryError('BAD_OPTION', `${why}.`)
}
