import { hostname } from 'node:os'
import { bad } from '../options/check.ts'
import type { MessageProperties, SignatureData, SignatureOptions, TaskMessage } from '../protocol/message.ts'
import { pythonArgsRepr, pythonRepr } from '../protocol/repr.ts'
import { formatTime, isPythonTime, parseTime } from '../protocol/time.ts'
import type { CurrentTask } from './current-task.ts'

/** A task to be sent, its options under Celery's names. */
export interface Call {
  name: string
  args: unknown[]
  kwargs: Record<string, unknown>
  options: CallOptions
}

export interface CallOptions extends SignatureOptions {
  /** The rest of a chain, reversed. */
  chain?: SignatureData[] | null
}

export interface BuildContext {
  now: Date
  taskId: string
  /** The `reply_to` of what names none. */
  processId: string
  /** The task that sends it. */
  current: CurrentTask | undefined
}

const origin = `gen${process.pid}@${hostname()}`

/**
 * The message of a call, as Celery's protocol 2 has it.
 * @see https://docs.celeryq.dev/en/stable/internals/protocol.html
 */
export function buildMessage(call: Call, context: BuildContext): TaskMessage {
  const { name, args, kwargs, options } = call
  const { taskId, current } = context
  const stampedHeaders = asStrings(options.stamped_headers)
  const expires = expiry(options.expires, context.now)
  return {
    headers: {
      lang: 'py',
      task: name,
      id: taskId,
      shadow: options.shadow ?? null,
      eta: eta(options, context.now),
      expires: expires.header,
      group: options.group_id ?? null,
      group_index: options.group_index ?? null,
      retries: options.retries ?? 0,
      timelimit: [options.time_limit ?? null, options.soft_time_limit ?? null],
      root_id: options.root_id ?? current?.rootId ?? taskId,
      parent_id: options.parent_id ?? parentId(current, taskId),
      argsrepr: pythonArgsRepr(args),
      kwargsrepr: pythonRepr(kwargs),
      origin,
      ignore_result: options.ignore_result ?? null,
      replaced_task_nesting: asNumber(options.replaced_task_nesting),
      stamped_headers: stampedHeaders,
      stamps: stamps(stampedHeaders, options),
      ...ownHeaders(options.headers, current),
    },
    properties: properties(options, context, expires.property),
    args,
    kwargs,
    embed: {
      callbacks: asList(options.link),
      errbacks: asList(options.link_error),
      chain: options.chain?.length ? options.chain : null,
      chord: options.chord ?? null,
    },
  }
}

function properties(options: CallOptions, context: BuildContext, expiration?: string): MessageProperties {
  return {
    contentType: 'application/json',
    contentEncoding: 'utf-8',
    correlationId: context.taskId,
    replyTo: options.reply_to ?? context.processId,
    deliveryMode: options.delivery_mode === 1 ? 1 : 2,
    priority: options.priority ?? 0,
    ...(expiration === undefined ? {} : { expiration }),
  }
}

/** What replaces a task has its id, and is not its own parent. */
function parentId(current: CurrentTask | undefined, taskId: string): string | null {
  return current === undefined || current.id === taskId ? null : current.id
}

/** A countdown of nothing is none, and one goes before a time, as in Celery. */
function eta(options: CallOptions, now: Date): string | null {
  if (options.countdown) return inSeconds('countdown', options.countdown, now)
  return options.eta ?? null
}

/** The header for workers, and the property for brokers: what has expired already has a property of 0. */
function expiry(
  expires: number | string | null | undefined,
  now: Date,
): { header: string | null; property?: string } {
  if (expires === undefined || expires === null) return { header: null }
  const header = typeof expires === 'number' ? inSeconds('expires', expires, now) : expires
  const at = parseTime(header)
  return at ? { header, property: String(Math.max(0, at.getTime() - now.getTime())) } : { header }
}

/** @throws CeleryError `BAD_OPTION` past the year 9999, which Python's times end with */
function inSeconds(option: string, seconds: number, now: Date): string {
  const time = new Date(now.getTime() + seconds * 1_000)
  if (isPythonTime(time)) return formatTime(time)
  throw bad(option, `must be a number of seconds until a year from 1 to 9999, not ${seconds}`, 'a call')
}

/** The caller's headers, and the trace that the sending task belongs to unless they name another. */
function ownHeaders(
  own: Record<string, unknown> | null | undefined,
  current: CurrentTask | undefined,
): Record<string, unknown> | undefined {
  const traceparent = current?.headers.traceparent
  if (traceparent === undefined || traceparent === null || own?.traceparent !== undefined) {
    return own ?? undefined
  }
  const tracestate = current?.headers.tracestate
  return { traceparent, ...(tracestate === undefined ? {} : { tracestate }), ...own }
}

/** The stamps of canvas stamping stand among the options, under the names that `stamped_headers` lists. */
function stamps(names: string[] | null, options: CallOptions): Record<string, unknown> {
  return names ? Object.fromEntries(names.map((name) => [name, options[name]])) : {}
}

function asList<T>(value: T | T[] | null | undefined): T[] | null {
  if (value === undefined || value === null) return null
  return Array.isArray(value) ? value : [value]
}

function asStrings(value: unknown): string[] | null {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : null
}

function asNumber(value: unknown): number {
  return typeof value === 'number' ? value : 0
}
