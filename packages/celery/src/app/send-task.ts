import type { SqlClient } from '../brokers/port.ts'
import { resultTuple } from '../protocol/result-tuple.ts'
import type { AppCore, PublishTo } from './app-core.ts'
import { buildMessage, type Call, type CallOptions } from './build-message.ts'
import { currentTask } from './current-task.ts'
import { routeOf } from './route.ts'

/** What a send needs beside the call. */
export interface SendContext {
  transaction?: SqlClient | undefined
  /** False for the members of a group, which is its sender's child as a whole. */
  isChild?: boolean
}

/** Publishes one task and returns its id. Options that the call leaves open are the task's, its route's or the app's. */
export async function sendTask(app: AppCore, call: Call, context: SendContext = {}): Promise<string> {
  const taskId = call.options.task_id ?? app.options.newId()
  const current = currentTask()
  const routed = routeOf(app, call.routeName ?? call.name)
  const options = withDefaults(app, call, routed.priority)
  const now = app.options.now()
  const message = buildMessage({ ...call, options }, { now, taskId, processId: app.processId, current })
  const { transaction } = context
  await app.publishTask(message, publishTo(options, routed.queue), transaction ? { transaction } : {})
  if (current && context.isChild !== false) current.children.push(resultTuple(taskId, null))
  return taskId
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
  const defaults = { ...app.options.taskDefaults, ...app.tasks.get(call.name) }
  const options: CallOptions = { ...call.options }
  if (priority !== undefined) options.priority ??= priority
  if (defaults.ignoreResult !== undefined) options.ignore_result ??= defaults.ignoreResult
  if (defaults.timeLimit !== undefined) options.time_limit ??= defaults.timeLimit
  if (defaults.softTimeLimit !== undefined) options.soft_time_limit ??= defaults.softTimeLimit
  return options
}
