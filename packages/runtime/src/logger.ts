import { type DestinationStream, type LevelWithSilent, type Logger as PinoLogger, pino } from 'pino'
import pretty from 'pino-pretty'
import { currentContext } from './context.ts'
import { traceIdOf } from './trace.ts'

export type Logger = Pick<
  PinoLogger,
  'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'level' | 'child' | 'isLevelEnabled'
>

export const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const

export interface LoggerOptions {
  level: LevelWithSilent
  /** Lines for people instead of JSON. */
  readable: boolean
  /** Where lines go; standard output when absent. */
  destination?: DestinationStream
}

/** A logger whose lines carry the request's id and trace id, and never a secret or a token. */
export function createLogger({ level, readable, destination }: LoggerOptions): Logger {
  const stream = readable
    ? pretty({
        colorize: true,
        sync: true,
        ignore: 'pid,hostname',
        translateTime: 'SYS:HH:MM:ss.l',
        ...(destination && { destination }),
      })
    : destination
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    mixin: contextFields,
    formatters: {
      level: (label: string) => ({ level: label }),
      log: (fields: Record<string, unknown>) => withoutSecrets(fields) as Record<string, unknown>,
    },
  }
  return stream ? pino(options, stream) : pino(options)
}

function contextFields(): Record<string, string> {
  const context = currentContext()
  if (!context) return {}
  return { requestId: context.requestId, traceId: traceIdOf(context.traceparent) }
}

const secretName = /^(authorization|cookie|set-cookie|.*(password|secret|token|apikey|api_key|passwd))$/i
const maxDepth = 6

/** The same fields with the values of secret-sounding names, and passwords within URLs, replaced. */
export function withoutSecrets(value: unknown, depth = 0): unknown {
  if (typeof value === 'string')
    return value.replace(/(\b[a-z][a-z0-9+.-]*:\/\/[^\s:/@]*):[^\s@/]+@/gi, '$1:[secret]@')
  if (value === null || typeof value !== 'object' || value instanceof Error || depth > maxDepth) return value
  if (Array.isArray(value)) return value.map((item) => withoutSecrets(item, depth + 1))
  if (Object.getPrototypeOf(value) !== Object.prototype) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [
      name,
      secretName.test(name) && field !== undefined && field !== null
        ? '[secret]'
        : withoutSecrets(field, depth + 1),
    ]),
  )
}
