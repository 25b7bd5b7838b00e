import { bad, type Check, type Checks, checkOptions } from '../options/check.ts'
import {
  date,
  either,
  flag,
  having,
  listOf,
  oneOf,
  priority,
  record,
  seconds,
  text,
} from '../options/kinds.ts'
import type { SignatureOptions } from '../protocol/message.ts'
import { formatTime } from '../protocol/time.ts'
import type { SendOptions, SignatureLike, StandingOptions } from './send-options.ts'
import { isSignatureLike, signatureData } from './signature-data.ts'

/** The headers that the protocol gives a meaning, and those of brokers: no caller may set them. */
const protocolHeaders = new Set([
  ...['lang', 'task', 'id', 'shadow', 'eta', 'expires', 'group', 'group_index', 'retries', 'timelimit'],
  ...['root_id', 'parent_id', 'argsrepr', 'kwargsrepr', 'origin', 'ignore_result', 'compression'],
  ...['replaced_task_nesting', 'stamped_headers', 'stamps', 'x-death'],
])

const ownHeaders: Check = {
  ...record,
  inside(value, option, of) {
    for (const name of Object.keys(value as object)) {
      if (protocolHeaders.has(name)) throw bad(option, `must not set ${name}, which is the protocol's`, of)
    }
  },
}

const signature: Check = { expected: 'a signature', fits: isSignatureLike }
const signatures = either(signature, listOf(signature))

/** What has expired already may be sent, as in Celery: to be revoked. */
const secondsFromNow: Check = { expected: 'a number of seconds', fits: Number.isFinite }

export const sendChecks: Checks<SendOptions> = {
  taskId: text,
  groupId: text,
  countdown: seconds,
  eta: date,
  expires: either(secondsFromNow, date),
  priority,
  queue: text,
  exchange: text,
  routingKey: text,
  headers: ownHeaders,
  link: signatures,
  linkError: signatures,
  ignoreResult: flag,
  softTimeLimit: seconds,
  timeLimit: seconds,
  compression: oneOf('gzip', 'zstd', 'brotli'),
  shadow: text,
  transaction: having('a client of PostgreSQL', 'query'),
}

const celeryNames: { readonly [Name in keyof Required<Omit<SendOptions, 'transaction'>>]: string } = {
  taskId: 'task_id',
  groupId: 'group_id',
  countdown: 'countdown',
  eta: 'eta',
  expires: 'expires',
  priority: 'priority',
  queue: 'queue',
  exchange: 'exchange',
  routingKey: 'routing_key',
  headers: 'headers',
  link: 'link',
  linkError: 'link_error',
  ignoreResult: 'ignore_result',
  softTimeLimit: 'soft_time_limit',
  timeLimit: 'time_limit',
  compression: 'compression',
  shadow: 'shadow',
}

/**
 * The options of one call under Celery's names.
 * @throws CeleryError `BAD_OPTION`, naming the option
 */
export function signatureOptions(given: SendOptions, of = 'a call'): SignatureOptions {
  checkOptions(given, sendChecks, of)
  checkTogether(given, of)
  const options: SignatureOptions = {}
  for (const name of Object.keys(given) as (keyof SendOptions)[]) {
    const value = given[name]
    if (value !== undefined && name !== 'transaction') options[celeryNames[name]] = celeryValue(name, value)
  }
  return options
}

/** The same of options that stand for many calls. */
export function standingOptions(given: StandingOptions, of: string): SignatureOptions {
  for (const name of ['taskId', 'transaction']) {
    if (Object.hasOwn(given, name)) throw bad(name, 'belongs to one call: give it when that is sent', of)
  }
  return signatureOptions(given, of)
}

function celeryValue(name: keyof SendOptions, value: unknown): unknown {
  if (value instanceof Date) return formatTime(value)
  if (name === 'link' || name === 'linkError') return ([value].flat() as SignatureLike[]).map(signatureData)
  return name === 'headers' ? { ...(value as object) } : value
}

function checkTogether(given: SendOptions, of: string): void {
  const { queue, exchange, routingKey, countdown, eta } = given
  if (queue !== undefined && exchange !== undefined) throw bad('exchange', 'cannot be given with queue', of)
  if (exchange !== undefined && routingKey === undefined) throw bad('exchange', 'needs a routingKey', of)
  if (routingKey !== undefined && exchange === undefined) throw bad('routingKey', 'needs an exchange', of)
  if (countdown !== undefined && eta !== undefined) throw bad('countdown', 'cannot be given with eta', of)
  checkLimits(given, of)
}

/** @throws CeleryError `BAD_OPTION` when the soft time limit would never be reached */
export function checkLimits({ softTimeLimit, timeLimit }: SendOptions, of: string, path = ''): void {
  if (softTimeLimit && timeLimit && softTimeLimit > timeLimit) {
    throw bad(`${path}softTimeLimit`, 'must not be longer than timeLimit', of)
  }
}

/** Options over others: a queue takes the place of an exchange, and an exchange that of a queue. */
export function optionsOver(own: SignatureOptions, over: SignatureOptions): SignatureOptions {
  if (over.queue !== undefined && own.exchange !== undefined) {
    const { exchange: _, routing_key: __, ...rest } = own
    return { ...rest, ...over }
  }
  if (over.exchange !== undefined && own.queue !== undefined) {
    const { queue: _, ...rest } = own
    return { ...rest, ...over }
  }
  return { ...own, ...over }
}
