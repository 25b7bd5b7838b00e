import {
  type Bindings,
  type ChildLoggerOptions,
  type DestinationStream,
  type LevelWithSilent,
  type Logger as PinoLogger,
  type LoggerOptions as PinoOptions,
  pino,
  stdTimeFunctions,
} from 'pino'
import pretty from 'pino-pretty'
import { currentContext } from './context.ts'
import { withoutSecretFields, withoutSecretText } from './secrets.ts'
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
  const lineOf = readable ? pretty.prettyFactory(forPeople) : (line: string) => line
  const options: PinoOptions = {
    level,
    base: null,
    timestamp: stdTimeFunctions.isoTime,
    mixin: contextFields,
    formatters: { level: (label) => ({ level: label }), log: withoutSecretFields },
    // Errors are written out by withoutSecrets, which reaches those under any name.
    serializers: { err: (value: unknown) => value },
    // The last look: messages, and what errors carry in theirs.
    hooks: { streamWrite: (line) => lineOf(withoutSecretText(line)) },
  }
  const logger = destination ? pino(options, destination) : pino(options)
  const child: Child = logger.child
  // Children inherit this. Pino formats the fields of a line, not those bound to a child.
  return Object.assign(logger, {
    child(this: PinoLogger, bindings: Bindings, options?: ChildLoggerOptions<never>) {
      return child.call(this, withoutSecretFields(bindings), options)
    },
  })
}

type Child = (this: PinoLogger, bindings: Bindings, options?: ChildLoggerOptions<never>) => PinoLogger

const forPeople = {
  colorize: true,
  ignore: 'pid,hostname',
  singleLine: true,
  translateTime: 'SYS:HH:MM:ss.l',
}

function contextFields(): Record<string, string> {
  const context = currentContext()
  if (!context) return {}
  return { requestId: context.requestId, traceId: traceIdOf(context.traceparent) }
}
