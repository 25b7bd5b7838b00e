import type { TaskHeaders, WireMessage } from './message.ts'
import type { ProtocolError } from './protocol-error.ts'
import { isRecord, undecodable } from './shape.ts'
import { parseTime } from './time.ts'

/** The headers, checked; throws a `ProtocolError` that names the header which is wrong. */
export function checkedHeaders(headers: Record<string, unknown>): TaskHeaders {
  const problem = headersProblem(headers)
  if (problem !== undefined) throw wrongHeader(problem)
  return taskHeaders(headers)
}

/** The task's id and name as far as the headers tell, however wrong the rest may be. */
export function taskIdentity(wire: WireMessage): { id: string | undefined; task: string | undefined } {
  const { id, task } = isRecord(wire.headers) ? wire.headers : {}
  return { id: identityOrNothing(id), task: identityOrNothing(task) }
}

/** Half of a surrogate pair has no form in a result store, in an event or in what follows the task. */
function identityOrNothing(value: unknown): string | undefined {
  const name = nameOrNothing(value)
  return name?.isWellFormed() ? name : undefined
}

function nameOrNothing(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

function wrongHeader(problem: string): ProtocolError {
  return undecodable(`The header ${problem}`)
}

/** What is wrong with the first header that is wrong. */
function headersProblem(headers: Record<string, unknown>): string | undefined {
  if (!isRecord(headers)) return 'table is missing'
  if (nameOrNothing(headers.task) === undefined) return 'task is not a name'
  if (nameOrNothing(headers.id) === undefined) return 'id is not a string'
  for (const name of textHeaders) if (!isTextOrNothing(headers[name])) return `${name} is not a string`
  for (const name of identities) if (!isWhole(headers[name])) return `${name} holds half of a surrogate pair`
  for (const name of countHeaders)
    if (!isCountOrNothing(headers[name])) return `${name} is not a whole number`
  for (const name of timeHeaders)
    if (!isTimeOrNothing(headers[name])) return `${name} is not an ISO 8601 time`
  if (!isLimits(headers.timelimit)) return 'timelimit is not a pair of seconds'
  if (!isNothing(headers.ignore_result) && typeof headers.ignore_result !== 'boolean')
    return 'ignore_result is not a boolean'
  if (!isNothing(headers.stamps) && !isRecord(headers.stamps)) return 'stamps is not a table'
  if (!isNothing(headers.stamped_headers) && !isNames(headers.stamped_headers))
    return 'stamped_headers is not a list of names'
  return undefined
}

const textHeaders = [
  'lang',
  'shadow',
  'group',
  'root_id',
  'parent_id',
  'argsrepr',
  'kwargsrepr',
  'origin',
] as const
/** Those that name this task and others elsewhere: a result store is asked by them. */
const identities = ['task', 'id', 'group', 'root_id', 'parent_id'] as const
const countHeaders = ['retries', 'group_index', 'replaced_task_nesting'] as const
const timeHeaders = ['eta', 'expires'] as const

/** Those that are left out rather than null when there is nothing to say. */
const neverNull = [
  'retries',
  'timelimit',
  'argsrepr',
  'kwargsrepr',
  'origin',
  'ignore_result',
  'replaced_task_nesting',
  'stamps',
] as const

function taskHeaders(headers: Record<string, unknown>): TaskHeaders {
  const isClean = typeof headers.lang === 'string' && neverNull.every((name) => headers[name] !== null)
  if (isClean) return headers as TaskHeaders
  const clean: Record<string, unknown> = { ...headers, lang: headers.lang ?? '' }
  for (const name of neverNull) if (clean[name] === null) delete clean[name]
  return clean as TaskHeaders
}

function isNothing(value: unknown): value is null | undefined {
  return value === null || value === undefined
}

function isTextOrNothing(value: unknown): boolean {
  return typeof value === 'string' || isNothing(value)
}

function isWhole(value: unknown): boolean {
  return typeof value !== 'string' || value.isWellFormed()
}

function isCountOrNothing(value: unknown): boolean {
  return isNothing(value) || (Number.isSafeInteger(value) && Number(value) >= 0)
}

function isTimeOrNothing(value: unknown): boolean {
  return isNothing(value) || (typeof value === 'string' && parseTime(value) !== undefined)
}

function isLimits(value: unknown): boolean {
  if (isNothing(value)) return true
  return Array.isArray(value) && value.length === 2 && value.every(isLimit)
}

function isLimit(value: unknown): boolean {
  return value === null || (typeof value === 'number' && Number.isFinite(value) && value >= 0)
}

function isNames(value: unknown): boolean {
  return Array.isArray(value) && value.every((name) => typeof name === 'string')
}
