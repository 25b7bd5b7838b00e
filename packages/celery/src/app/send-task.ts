import type { SqlClient } from '../brokers/port.ts'
import { resultTuple } from '../protocol/result-tuple.ts'
import type { AppCore, PublishTo } from './app-core.ts'
import { buildMessage, type Call, type CallOptions } from './build-message.ts'
import { homeOf } from './builtins.ts'
import { currentTask } from './current-task.ts'
import { routeOf } from './route.ts'
import { optionsOfCall } from './task-options.ts'

/** What a send needs beside the call. */
export interface SendContext {
  transaction?: SqlClient | undefined
  /** False for the members of a group, which is its sender's child as a whole. */
  isChild?: boolean
}

export interface SentTask {
  id: string
  /** Its result will not be kept: waiting for it would be in vain. */
  isIgnored: boolean
}

/** Publishes one task. Options that the call leaves open are the task's, its route's or the app's. */
export async function sendTask(app: AppCore, call: Call, context: SendContext = {}): Promise<SentTask> {
  const taskId = call.options.task_id ?? app.options.newId()
  const current = currentTask()
  const routed = routeOf(app, homeOf(call))
  const options = withDefaults(app, call, routed.priority)
  const now = app.options.now()
  const message = buildMessage({ ...call, options }, { now, taskId, processId: app.processId, current })
  const { transaction } = context
  await app.publishTask(message, publishTo(options, routed.queue), transaction ? { transaction } : {})
  if (current && context.isChild !== false) current.children.push(resultTuple(taskId, null))
  return { id: taskId, isIgnored: message.headers.ignore_result ?? false }
}

function publishTo(options: CallOptions, routed: string): PublishTo {
  const compression = compressionOf(options.compression)
  if (options.exchange && options.queue === undefined) {
    return { exchange: options.exchange, routingKey: options.routing_key ?? '', ...compression }
  }
  return { queue: options.queue ?? routed, ...compression }
}

/** What a signature from elsewhere names and this package cannot write is sent as it is. */
function compressionOf(name: unknown): Pick<PublishTo, 'compression'> {
  return name === 'gzip' || name === 'zstd' || name === 'brotli' ? { compression: name } : {}
}

function withDefaults(app: AppCore, call: Call, priority: number | undefined): CallOptions {
  const options: CallOptions = { ...call.options }
  if (priority !== undefined) options.priority ??= priority
  const carried = optionsOfCall(app, call)
  if (!carried) return options
  const { ignoreResult = false, timeLimit, softTimeLimit } = carried
  options.ignore_result ??= ignoreResult
  if (timeLimit !== undefined) options.time_limit ??= timeLimit
  if (softTimeLimit !== undefined) options.soft_time_limit ??= softTimeLimit
  return options
}
