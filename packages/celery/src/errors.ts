import { inspect } from 'node:util'

/** Every error that this package raises by itself: what callers branch on is the code. */
export const errorCodes = {
  BROKER_UNAVAILABLE: 'The broker could not be reached in time. Safe to try again.',
  RESULTS_UNAVAILABLE: 'The result store could not be reached in time. Safe to try again.',
  SCHEDULES_UNAVAILABLE: "Beat's store could not be reached in time. Safe to try again.",
  UNROUTABLE: 'No queue takes a message with this exchange and routing key.',
  UNSUPPORTED: 'This broker or result store cannot do that, or does not permit it.',
  BAD_OPTION: 'An option is missing or makes no sense.',
  BAD_VALUE: 'A value cannot be sent: it has no form in JSON that both Python and TypeScript read.',
  BAD_MESSAGE: 'A message could not be read.',
  BAD_ARGUMENTS: 'The arguments do not fit the task.',
  NO_RESULTS: 'The app has no result store, so results cannot be waited for.',
  TIMEOUT: 'The result was not there in time. The task may still run.',
  CLOSED: 'It was closed while something was still going on.',
} as const

/** A code of `CeleryError`; `errorCodes` says what each means. */
export type ErrorCode = keyof typeof errorCodes

/** What this package raises by itself. Callers branch on `code`; the message says what to do. */
export class CeleryError extends Error {
  override readonly name: string = 'CeleryError'
  readonly code: ErrorCode

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** What comes of another try: `later` it may succeed, `never`, or that is not the question. */
const another: { readonly [Code in ErrorCode]: 'later' | 'never' | undefined } = {
  BROKER_UNAVAILABLE: 'later',
  RESULTS_UNAVAILABLE: 'later',
  SCHEDULES_UNAVAILABLE: 'later',
  UNROUTABLE: 'never',
  UNSUPPORTED: 'never',
  BAD_OPTION: 'never',
  BAD_VALUE: 'never',
  BAD_MESSAGE: 'never',
  BAD_ARGUMENTS: 'never',
  NO_RESULTS: 'never',
  TIMEOUT: undefined,
  CLOSED: undefined,
}

/** A server is away, and may be back at another try. */
export function isTransient(error: unknown): error is CeleryError {
  return error instanceof CeleryError && another[error.code] === 'later'
}

/** It will be refused again, however often it is tried. */
export function isRefused(error: unknown): error is CeleryError {
  return error instanceof CeleryError && another[error.code] === 'never'
}

/** Why, in the words of whatever was thrown. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/**
 * An exception that travels: raised by a task, kept in the result store, and raised again by `result.get()`. Throw
 * one in a task to choose what Python sees; what a Python task raised comes as one.
 */
export class TaskError extends Error {
  override readonly name: string = 'TaskError'
  /** The exception's class name, such as `ValueError`. */
  readonly type: string
  /** The module the class is in, such as `builtins`; Python makes up a class when it has none of that name. */
  readonly module: string | null
  /** The exception's arguments. */
  readonly args: unknown[]
  /** The traceback as text, where it was raised. */
  readonly traceback: string | undefined

  constructor(
    type: string,
    options: {
      args?: unknown[]
      module?: string | null
      traceback?: string | undefined
      cause?: unknown
    } = {},
  ) {
    const { args = [], module = 'builtins', traceback, cause } = options
    super(args.map(shown).join(', ') || type, cause === undefined ? undefined : { cause })
    this.type = type
    this.module = module
    this.args = args
    this.traceback = traceback
  }
}

/** An argument in a message: of any kind, from anywhere, so that it may have a `toString` of no use. */
function shown(arg: unknown): string {
  return typeof arg === 'string' ? arg : inspect(arg, { breakLength: Infinity, maxStringLength: 1_000 })
}
