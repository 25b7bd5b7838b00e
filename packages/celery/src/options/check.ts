import { CeleryError } from '../errors.ts'
import { isRecord } from '../protocol/shape.ts'
import { meantByCelery } from './celery-names.ts'
import { nearest } from './nearest.ts'

/** What the value of an option may be. */
export interface Check {
  /** Completes "must be". */
  readonly expected: string
  fits(value: unknown): boolean
  /** Looks at what a value that fits holds, such as options of its own; throws. */
  inside?(value: unknown, option: string, of: string): void
}

/** One check for each option, so that the compiler tells which is missing. */
export type Checks<Options> = { readonly [Name in keyof Required<Options>]: Check }

/**
 * Refuses options that nobody knows, and values that make no sense. What is undefined is not given.
 * @param of whose options they are, as the message is to say it: `createWorker`, `task tasks.add`
 * @throws CeleryError `BAD_OPTION` that says which option, what was given and what is expected
 */
export function checkOptions<Options extends object>(
  given: Options,
  checks: Checks<Options>,
  of: string,
  path = '',
): void {
  if (!isRecord(given)) throw bad(path, `must be an object with options, not ${shown(given)}`, of)
  for (const name of Object.keys(given)) {
    const value = given[name]
    if (value === undefined) continue
    if (!Object.hasOwn(checks, name)) throw unknownOption(path, name, Object.keys(checks), of)
    checkValue(value, checks[name as keyof Options], path + name, of)
  }
}

/** Refuses a value that makes no sense. */
export function checkValue(value: unknown, check: Check, option: string, of: string): void {
  if (!check.fits(value)) throw bad(option, `must be ${check.expected}, not ${shown(value)}`, of)
  check.inside?.(value, option, of)
}

/** The error of an option, which `why` follows. */
export function bad(option: string, why: string, of?: string): CeleryError {
  const what = [option === '' ? 'The options' : `The option ${option}`, ...(of ? [`of ${of}`] : [])]
  return new CeleryError('BAD_OPTION', `${what.join(' ')} ${why}.`)
}

function unknownOption(path: string, name: string, known: readonly string[], of: string): CeleryError {
  const meant = nearest(name, known) ?? meantByCelery(name, known)
  const hint = meant === undefined ? `those are ${known.join(', ')}` : `did you mean ${path}${meant}?`
  const message = `The option ${path}${name.slice(0, 100)} of ${of} is not known: ${hint}`
  return new CeleryError('BAD_OPTION', message.endsWith('?') ? message : `${message}.`)
}

/** A value in a message: what an object holds may be secret, and is not shown. */
export function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}...` : value)
  if (typeof value === 'function') return 'a function'
  if (typeof value === 'symbol') return 'a symbol'
  if (typeof value !== 'object' || value === null) return String(value)
  if (Array.isArray(value)) return value.length === 0 ? 'an empty array' : 'an array'
  const { name } = Object.getPrototypeOf(value)?.constructor ?? Object
  if (value instanceof Date && Number.isNaN(value.getTime())) return 'an invalid Date'
  return name === 'Object' || typeof name !== 'string' ? 'an object' : `an object of class ${name}`
}
