import { isRecord } from '../protocol/shape.ts'
import { isPythonTime } from '../protocol/time.ts'
import { bad, type Check, type Checks, checkOptions, checkValue } from './check.ts'

export const text: Check = {
  expected: 'text that is not empty',
  fits: (value) => typeof value === 'string' && value !== '',
}

/** Text that may be empty. */
export const anyText: Check = { expected: 'text', fits: (value) => typeof value === 'string' }

export const url: Check = { ...text, expected: 'a URL' }

/** A URL that `read` does not throw on. */
export function urlReadBy(read: (url: string) => unknown): Check {
  return { ...url, inside: (value) => void read(value as string) }
}

export const flag: Check = { expected: 'true or false', fits: (value) => typeof value === 'boolean' }

export const callback: Check = { expected: 'a function', fits: (value) => typeof value === 'function' }

export const list: Check = { expected: 'an array', fits: Array.isArray }

/** Not a Map, a Date or a promise, which have no fields that could be read. */
export const record: Check = {
  expected: 'an object',
  fits: (value) => isRecord(value) && !(Symbol.iterator in value) && !isOpaque(value),
}

export const seconds: Check = secondsFrom(0)

export const positive: Check = {
  expected: 'a number above 0',
  fits: (value) => isFiniteNumber(value) && value > 0,
}

export const someSeconds: Check = { ...positive, expected: 'a number of seconds above 0' }

export const date: Check = {
  expected: 'a valid Date in the years 1 to 9999',
  fits: (value) => value instanceof Date && isPythonTime(value),
}

/** A byte of AMQP's, which RabbitMQ uses the whole of. */
export const priority: Check = wholeBetween(0, 255)

export const timeZone: Check = {
  expected: 'the name of a time zone like Europe/Paris',
  fits: (value) => typeof value === 'string' && isTimeZone(value),
}

export function between(least: number, most: number): Check {
  return {
    expected: `a number from ${least} to ${most}`,
    fits: (value) => isFiniteNumber(value) && value >= least && value <= most,
  }
}

export function secondsFrom(least: number): Check {
  return {
    expected: `a number of seconds, ${least} or more`,
    fits: (value) => isFiniteNumber(value) && value >= least,
  }
}

export function wholeFrom(least: number): Check {
  return {
    expected: `a whole number from ${least} on`,
    fits: (value) => isWhole(value) && value >= least,
  }
}

export function wholeBetween(least: number, most: number): Check {
  return {
    expected: `a whole number from ${least} to ${most}`,
    fits: (value) => isWhole(value) && value >= least && value <= most,
  }
}

export function oneOf(...allowed: readonly string[]): Check {
  return {
    expected: allowed.map((one) => `"${one}"`).join(' or '),
    fits: (value) => typeof value === 'string' && allowed.includes(value),
  }
}

/** An object with these methods, whatever else it has. */
export function having(what: string, ...methods: readonly string[]): Check {
  return {
    expected: what,
    fits: (value) =>
      typeof value === 'object' &&
      value !== null &&
      methods.every((name) => typeof (value as Record<string, unknown>)[name] === 'function'),
  }
}

export const logger: Check = having(
  'a logger with debug, info, warn and error',
  ...['debug', 'info', 'warn', 'error'],
)

export function either(...checks: readonly Check[]): Check {
  const whole: Check = {
    expected: checks.map(({ expected }) => expected).join(' or '),
    fits: (value) => checks.some((check) => check.fits(value)),
  }
  if (checks.every(({ inside }) => !inside)) return whole
  const inside: Check['inside'] = (value, option, of) =>
    checks.find((check) => check.fits(value))?.inside?.(value, option, of)
  return { ...whole, inside }
}

export function listOf(check: Check): Check {
  return {
    ...list,
    inside: (value, option, of) => {
      for (const [index, one] of [...(value as unknown[])].entries()) {
        checkValue(one, check, `${option}[${index}]`, of)
      }
    },
  }
}

/** Options of an option. */
export function options<Options extends object>(
  checks: Checks<Options>,
  needed: readonly (keyof Options & string)[] = [],
): Check {
  return {
    expected: needed.length === 0 ? 'an object with options' : `an object with ${needed.join(' and ')}`,
    fits: isRecord,
    inside(value, option, of) {
      const given = value as Options
      checkOptions(given, checks, of, `${option}.`)
      const missing = needed.find((name) => given[name] === undefined)
      if (missing === undefined) return
      throw bad(`${option}.${missing}`, `is missing: it must be ${checks[missing].expected}`, of)
    },
  }
}

function isOpaque(value: object): boolean {
  return value instanceof Date || value instanceof Promise || value instanceof RegExp
}

function isFiniteNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value)
}

function isWhole(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value)
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: name })
    return true
  } catch {
    return false
  }
}
