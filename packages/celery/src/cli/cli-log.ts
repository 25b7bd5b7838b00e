import { inspect } from 'node:util'
import { InvalidArgumentError } from 'commander'
import type { Log } from '../log.ts'
import { readableJson } from './json-option.ts'
import { oneLine } from './printable.ts'

export const levels = ['debug', 'info', 'warn', 'error'] as const
export type Level = (typeof levels)[number]

/** Celery's names of levels, in any case, are known too. */
const pythonLevels: ReadonlyMap<string, Level> = new Map([
  ['warning', 'warn'],
  ['critical', 'error'],
  ['fatal', 'error'],
])

/** Reads the option for the least level. */
export function levelOf(text: string): Level {
  const name = text.toLowerCase()
  const level = levels.find((one) => one === name) ?? pythonLevels.get(name)
  if (level === undefined) throw new InvalidArgumentError(`Allowed choices are ${levels.join(', ')}.`)
  return level
}

/** What a line has of its own: a field with such a name has a `_` after it. */
const own = new Set(['time', 'level', 'message'])

/** Lines of text for people, or with `json` one document a line: each event is one line, whatever is in it. */
export function createCliLog(write: (line: string) => void, options: { level: Level; json: boolean }): Log {
  const least = levels.indexOf(options.level)
  const at = (level: Level) => (fields: object, message: string) => {
    if (levels.indexOf(level) < least) return
    const time = new Date().toISOString()
    const named = ([name, value]: [string, unknown]) => [own.has(name) ? `${name}_` : name, readable(value)]
    const plain: object = Object.fromEntries(Object.entries(fields).map(named))
    const line = options.json
      ? readableJson({ time, level, message, ...plain })
      : [time, level.toUpperCase().padEnd(5), message, ...Object.entries(plain).map(shown)].join(' ')
    write(oneLine(line))
  }
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}

function readable(value: unknown): unknown {
  if (value instanceof Error) return value.stack ?? value.message
  return typeof value === 'object' && value !== null ? writable(value) : value
}

/** A log line never fails, even for a field that holds itself. */
function writable(value: object): unknown {
  try {
    readableJson(value)
    return value
  } catch {
    return inspect(value)
  }
}

function shown([name, value]: [string, unknown]): string {
  return `${name}=${typeof value === 'string' ? value : readableJson(value)}`
}
