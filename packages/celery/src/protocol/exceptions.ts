import { TaskError } from '../errors.ts'
import type { ExceptionData } from '../results/port.ts'
import { encodeJson } from './json.ts'
import { pythonRepr } from './repr.ts'
import { isRecord } from './shape.ts'
import { tracebackOf } from './traceback.ts'

/**
 * What Python sees an error of JavaScript's as. Those that it has under the same or a like name become its own, so that
 * `except TypeError` catches them; others keep their name and have no module, for which Python makes up a class.
 */
const pythonNames = new Map([
  ['Error', 'Exception'],
  ['TypeError', 'TypeError'],
  ['RangeError', 'ValueError'],
  ['SyntaxError', 'SyntaxError'],
  ['ReferenceError', 'NameError'],
  ['URIError', 'ValueError'],
  ['EvalError', 'RuntimeError'],
  ['TimeoutError', 'TimeoutError'],
])

/** A thrown value in the form that Celery's result backends keep, and its traceback. Never throws. */
export function exceptionData(error: unknown): { data: ExceptionData; traceback: string } {
  try {
    return { data: dataOf(error), traceback: tracebackOf(error) }
  } catch {
    // A getter of the error's own threw.
    return { data: readExceptionData('An error that cannot be read'), traceback: '' }
  }
}

/** What came from a result store or an error link, to be thrown again. */
export function taskError(data: ExceptionData, traceback?: string | null): TaskError {
  const { exc_type, exc_message, exc_module } = readExceptionData(data)
  return new TaskError(exc_type, {
    args: argsOf(exc_message),
    module: exc_module,
    traceback: traceback ?? undefined,
  })
}

/** An exception as others may have stored it: whatever it is, some `ExceptionData` is made of it. */
export function readExceptionData(
  value: unknown,
  fallback = 'Exception',
  module = 'builtins',
): ExceptionData {
  if (isRecord(value) && typeof value.exc_type === 'string' && value.exc_type !== '')
    return {
      exc_type: value.exc_type,
      exc_message: value.exc_message ?? [],
      exc_module: typeof value.exc_module === 'string' ? value.exc_module : null,
    }
  const isEmpty = value === null || value === undefined || value === ''
  return { exc_type: fallback, exc_message: isEmpty ? [] : [value], exc_module: module }
}

/** The exception's arguments: Python stores a tuple, older versions and others the message alone. */
function argsOf(message: unknown): unknown[] {
  if (Array.isArray(message)) return message
  return message === null || message === undefined ? [] : [message]
}

/** An exception as Python's `repr` shows it, for events and chord errors: `ValueError('no such feed')`. */
export function reprOfException(data: ExceptionData, maxLength?: number): string {
  const args = argsOf(data.exc_message).map((arg) => pythonRepr(arg, maxLength))
  return `${data.exc_type}(${args.join(', ')})`
}

function dataOf(error: unknown): ExceptionData {
  if (error instanceof TaskError) return dataOfTaskError(error)
  if (!(error instanceof Error))
    return { exc_type: 'Exception', exc_message: [sendable(error ?? null)], exc_module: 'builtins' }
  const name = nameOf(error)
  const message = String(error.message)
  if (!className.test(name))
    return nameless([name === '' ? message : `${shownName(name)}: ${message}`].map(sendable))
  const own = pythonNames.get(name)
  return {
    exc_type: own ?? name,
    exc_message: [sendable(message)],
    exc_module: own === undefined ? null : 'builtins',
  }
}

function dataOfTaskError({ type, module, args }: TaskError): ExceptionData {
  const sent = args.map(sendable)
  if (!isQualifiedName(type)) return type === '' ? nameless(sent) : nameless([shownName(type), ...sent])
  // Where a function or a constant of Python's has that name, Python would not make up a class.
  const isNoException = module === 'builtins' && noException.test(type)
  return { exc_type: type, exc_message: sent, exc_module: isNoException ? null : module }
}

/** A name that no class can have is an argument of the exception's. */
function nameless(args: unknown[]): ExceptionData {
  return { exc_type: 'Exception', exc_message: args, exc_module: 'builtins' }
}

const className = /^[\p{XID_Start}_]\p{XID_Continue}{0,199}$/u
const noException = /^(?:[a-z_]|(?:Ellipsis|False|None|NotImplemented|True)$)/

/** As Python names a class, within a class or a function too. */
function isQualifiedName(type: string): boolean {
  return type.length <= 500 && type.split('.').every((part) => part === '<locals>' || className.test(part))
}

function shownName(name: string): string {
  return name.slice(0, 200).toWellFormed()
}

/** The name that was chosen for the error or its class; a class that only inherits one goes by its own. */
function nameOf(error: Error): string {
  const isChosen = Object.hasOwn(error, 'name') || Object.hasOwn(Object.getPrototypeOf(error) ?? {}, 'name')
  const name = String(error.name)
  return isChosen || !pythonNames.has(name) ? name : String(error.constructor?.name || name)
}

/** An argument that cannot be sent is sent as it is shown, as Celery's Python does. */
function sendable(value: unknown): unknown {
  if (typeof value === 'string') return value.toWellFormed()
  try {
    encodeJson(value)
    return value
  } catch {
    return pythonRepr(value).toWellFormed()
  }
}
