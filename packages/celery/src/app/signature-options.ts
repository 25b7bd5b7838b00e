import { CeleryError } from '../errors.ts'
import type { SignatureData, SignatureOptions } from '../protocol/message.ts'
import { formatTime, isPythonTime } from '../protocol/time.ts'
import type { SendOptions, SignatureLike } from './send-options.ts'

/** The headers that the protocol gives a meaning, and those of brokers: no caller may set them. */
const protocolHeaders = new Set([
  ...['lang', 'task', 'id', 'shadow', 'eta', 'expires', 'group', 'group_index', 'retries', 'timelimit'],
  ...['root_id', 'parent_id', 'argsrepr', 'kwargsrepr', 'origin', 'ignore_result', 'compression'],
  ...['replaced_task_nesting', 'stamped_headers', 'stamps', 'x-death'],
])

/** What each option becomes in a signature, under Celery's name; throws when it makes no sense. */
const writers: {
  [Name in keyof Required<Omit<SendOptions, 'transaction'>>]: (
    value: unknown,
    options: SignatureOptions,
  ) => void
} = {
  taskId: (value, options) => {
    options.task_id = text('taskId', value)
  },
  countdown: (value, options) => {
    options.countdown = seconds('countdown', value)
  },
  eta: (value, options) => {
    options.eta = time('eta', value)
  },
  expires: (value, options) => {
    options.expires = value instanceof Date ? time('expires', value) : finite('expires', value)
  },
  priority: (value, options) => {
    options.priority = priority(value)
  },
  queue: (value, options) => {
    options.queue = text('queue', value)
  },
  exchange: (value, options) => {
    options.exchange = text('exchange', value)
  },
  routingKey: (value, options) => {
    options.routing_key = text('routingKey', value)
  },
  headers: (value, options) => {
    options.headers = ownHeaders(value)
  },
  link: (value, options) => {
    options.link = signatures('link', value)
  },
  linkError: (value, options) => {
    options.link_error = signatures('linkError', value)
  },
  ignoreResult: (value, options) => {
    options.ignore_result = flag('ignoreResult', value)
  },
  softTimeLimit: (value, options) => {
    options.soft_time_limit = seconds('softTimeLimit', value)
  },
  timeLimit: (value, options) => {
    options.time_limit = seconds('timeLimit', value)
  },
  compression: (value, options) => {
    options.compression = oneOf('compression', value, ['gzip', 'zstd', 'brotli'])
  },
  shadow: (value, options) => {
    options.shadow = text('shadow', value)
  },
}

/**
 * The options of one call under Celery's names.
 * @throws CeleryError `BAD_OPTION`, naming the option
 */
export function signatureOptions(given: SendOptions): SignatureOptions {
  const options: SignatureOptions = {}
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined || name === 'transaction') continue
    const write = Object.hasOwn(writers, name) ? writers[name as keyof typeof writers] : undefined
    if (!write) throw bad(name, `is no option of a call: those are ${Object.keys(writers).join(', ')}`)
    write(value, options)
  }
  checkTogether(options)
  return options
}

function checkTogether(options: SignatureOptions): void {
  const { queue, exchange, routing_key, countdown, eta, soft_time_limit, time_limit } = options
  if (queue !== undefined && exchange !== undefined) throw bad('exchange', 'cannot be given with queue')
  if (exchange !== undefined && routing_key === undefined) throw bad('exchange', 'needs a routingKey')
  if (routing_key !== undefined && exchange === undefined) throw bad('routingKey', 'needs an exchange')
  if (countdown !== undefined && eta !== undefined) throw bad('countdown', 'cannot be given with eta')
  if (soft_time_limit !== undefined && time_limit !== undefined && soft_time_limit > time_limit) {
    throw bad('softTimeLimit', 'must not be longer than timeLimit')
  }
}

/** Data of a signature, whichever form it was given in. */
export function signatureData(given: SignatureLike): SignatureData {
  return 'toJSON' in given && typeof given.toJSON === 'function' ? given.toJSON() : (given as SignatureData)
}

export function bad(option: string, why: string): CeleryError {
  return new CeleryError('BAD_OPTION', `The option ${option} ${why}.`)
}

function text(option: string, value: unknown): string {
  if (typeof value !== 'string' || value === '') throw bad(option, 'must be text that is not empty')
  return value
}

function finite(option: string, value: unknown): number {
  if (typeof value !== 'number' || !Number.isFinite(value)) throw bad(option, 'must be a number of seconds')
  return value
}

function seconds(option: string, value: unknown): number {
  const number = finite(option, value)
  if (number < 0) throw bad(option, 'must not be negative')
  return number
}

function priority(value: unknown): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > 9) {
    throw bad('priority', 'must be a whole number from 0 to 9')
  }
  return value
}

function time(option: string, value: unknown): string {
  if (value instanceof Date && isPythonTime(value)) return formatTime(value)
  throw bad(option, 'must be a valid Date in the years 1 to 9999')
}

function flag(option: string, value: unknown): boolean {
  if (typeof value !== 'boolean') throw bad(option, 'must be true or false')
  return value
}

function oneOf(option: string, value: unknown, allowed: readonly string[]): string {
  if (typeof value !== 'string' || !allowed.includes(value)) {
    throw bad(option, `must be one of ${allowed.join(', ')}`)
  }
  return value
}

function ownHeaders(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw bad('headers', 'must be an object')
  }
  for (const name of Object.keys(value)) {
    if (protocolHeaders.has(name)) throw bad('headers', `must not set ${name}, which is the protocol's`)
  }
  return { ...value }
}

function signatures(option: string, value: unknown): SignatureData[] {
  const given: unknown[] = Array.isArray(value) ? value : [value]
  return given.map((one) => {
    const data = typeof one === 'object' && one !== null ? signatureData(one as SignatureLike) : undefined
    if (typeof data?.task !== 'string') throw bad(option, 'must be a signature, or several in an array')
    return data
  })
}
