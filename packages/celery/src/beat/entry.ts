import type { AppCore } from '../app/app-core.ts'
import { buildMessage, type Call } from '../app/build-message.ts'
import type { SignatureLike, StandingOptions } from '../app/send-options.ts'
import { signatureData } from '../app/signature-data.ts'
import { standingOptions } from '../app/signature-options.ts'
import { encodeMended } from '../brokers/mended-json.ts'
import { CeleryError } from '../errors.ts'
import { bad, type Check, type Checks, checkOptions, checkValue } from '../options/check.ts'
import { either, flag, having, list, oneOf, positive, record, text, timeZone } from '../options/kinds.ts'
import { encodeTask } from '../protocol/encode-task.ts'
import type { Schedule } from './schedules/schedule.ts'

/** What is sent, and when: one of Celery's `beat_schedule`. Its name there is its identity in the store. */
export interface BeatEntry {
  /** A task's name, a definition, or a signature of one task (its arguments and options go after those given here). */
  task: string | { name: string } | SignatureLike
  /** `interval(seconds)` or `crontab({ ... })`. */
  schedule: Schedule
  args?: unknown[]
  kwargs?: Record<string, unknown>
  options?: StandingOptions
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

const nameCheck: Check = {
  expected: 'text of 1 to 200 characters',
  fits: (value) => text.fits(value) && String(value).length <= 200,
}

const scheduleCheck = having('interval(...) or crontab(...)', 'next', 'describe')

const positiveOrInfinite: Check = {
  ...positive,
  fits: (value) => positive.fits(value) || value === Number.POSITIVE_INFINITY,
}

const entryChecks: Checks<BeatEntry> = {
  task: either({ ...text, expected: 'the name of a task' }, having('a task or a signature')),
  schedule: scheduleCheck,
  args: list,
  kwargs: record,
  options: record,
  timeZone,
  enabled: flag,
  catchUp: oneOf('once', 'none'),
  startingDeadline: positiveOrInfinite,
}

/**
 * Checks everything of an entry that would otherwise fail when it is due.
 * @throws CeleryError that names the entry: `BAD_OPTION`, and `BAD_VALUE` for arguments that cannot be sent
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
  checkOptions(entry, entryChecks, 'the entry')
  checkValue(name, nameCheck, 'name', 'the entry')
  if (entry.schedule === undefined)
    throw bad('schedule', `is missing: it must be ${scheduleCheck.expected}`, 'the entry')
  const { schedule, timeZone: zone = app.options.timeZone, enabled = true, catchUp = 'once' } = entry
  const startingDeadline = entry.startingDeadline ?? (catchUp === 'none' ? 60 : Number.POSITIVE_INFINITY)
  const call = callOf(entry)
  // What a schedule or a call would fail with when it is due, it fails with now.
  schedule.next(app.options.now(), zone)
  checkSendable(app, call)
  return { name, schedule, timeZone: zone, enabled, startingDeadline, call }
}

function checkSendable({ options, processId }: AppCore, call: Call): void {
  const context = { now: options.now(), taskId: '', processId, current: undefined }
  const message = buildMessage(call, context)
  encodeTask(message, { maxBodySize: options.maxBodySize })
  encodeMended(message.headers, 'headers')
}

function callOf({ task, args, kwargs, options }: BeatEntry): Call {
  const given = {
    args: args ?? [],
    kwargs: kwargs ?? {},
    options: standingOptions(options ?? {}, 'its call'),
  }
  if (typeof task === 'string') return named(task, given)
  if ('name' in task) return named(task.name, given)
  const signature = signatureData(task)
  if (signature.subtask_type) {
    throw bad('task', `cannot be a ${signature.subtask_type}: give a task that sends it`, 'the entry')
  }
  return named(signature.task, {
    args: [...given.args, ...signature.args],
    kwargs: { ...given.kwargs, ...signature.kwargs },
    options: { ...signature.options, ...given.options },
  })
}

function named(name: unknown, call: Omit<Call, 'name'>): Call {
  if (typeof name !== 'string' || name === '') throw bad('task', 'has no name', 'the entry')
  return { name, ...call }
}
