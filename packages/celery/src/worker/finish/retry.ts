import type { PublishTo } from '../../app/app-core.ts'
import { celeryExceptions } from '../../protocol/celery-exceptions.ts'
import { decodeTask } from '../../protocol/decode-task.ts'
import { exceptionData, reprOfException } from '../../protocol/exceptions.ts'
import type { TaskHeaders, TaskMessage } from '../../protocol/message.ts'
import { pythonArgsRepr, pythonRepr } from '../../protocol/repr.ts'
import { formatTime } from '../../protocol/time.ts'
import type { ExceptionData } from '../../results/port.ts'
import { persist } from '../persist.ts'
import type { Retry } from '../run/outcome.ts'
import { retryArguments } from '../run/retry-arguments.ts'
import { retryDelay } from '../run/retry-delay.ts'
import { nowOf, type Runtime } from '../runtime.ts'
import type { TaskRequest } from '../task-request.ts'
import { ended } from './ended.ts'
import { addHistory, historyHeader, lossesHeader } from './history.ts'
import { loggable } from './loggable.ts'
import { keep } from './meta.ts'
import { acknowledge } from './settle.ts'

export type RetryPlan = Partial<Omit<Retry, 'kind' | 'max'>> & { traceback: string }

/** Sends the task again, parked until its time, and lets go of this run of it. */
export async function retryLater(runtime: Runtime, request: TaskRequest, plan: RetryPlan): Promise<void> {
  const now = nowOf(runtime)
  const eta = dueAt(runtime, request, plan, now)
  const wait = eta === undefined ? 0 : eta.getTime() - now
  const when = wait > 0 ? `in ${wait / 1_000}s` : 'now'
  const exception = plan.exception ?? exceptionData(celeryExceptions.retry(`Retry ${when}`)).data
  const message = nextMessage(asSent(runtime, request), request, plan, {
    eta,
    at: new Date(now).toISOString(),
    exception,
  })
  await keep(runtime, request, 'RETRY', exception, plan.traceback)
  // Straight into the queue it came from: an exchange would send it to others as well.
  const to = { exchange: '', routingKey: request.queue, ...compressionOf(request.message.headers) }
  await persist(runtime, 'sending a retry', request.id, () =>
    runtime.app.publishTask(message, to, eta ? { notBefore: eta } : {}),
  )
  const { shown } = loggable(exception, plan.traceback)
  ended(runtime, request, 'RETRY', shown)
  runtime.metrics.retried(request.task)
  runtime.log.info(
    { id: request.id, task: request.task, retries: request.retries + 1 },
    `retry ${when}: ${shown}`,
  )
  runtime.events.retried(request.id, exception, plan.traceback)
  await acknowledge(runtime, request)
}

/** Undefined is at once. */
function dueAt(runtime: Runtime, request: TaskRequest, plan: RetryPlan, now: number): Date | undefined {
  if (plan.eta !== undefined) return new Date(plan.eta)
  const { random } = runtime.settings
  const wait = plan.countdown ?? retryDelay(request.profile.retry ?? {}, request.retries, random())
  return wait > 0 ? new Date(now + wait * 1_000) : undefined
}

/** The message as it came: the task may have changed the arguments it was given. */
function asSent({ app }: Runtime, { delivery }: TaskRequest): TaskMessage {
  const { maxBodySize, timeZone } = app.options
  return decodeTask(delivery.message, { maxBodySize, timeZone })
}

/** The same task with the same id, once more: all that was to follow it stays. */
function nextMessage(
  message: TaskMessage,
  request: TaskRequest,
  plan: RetryPlan,
  { eta, at, exception }: { eta: Date | undefined; at: string; exception: ExceptionData },
): TaskMessage {
  const { expiration: _, ...properties } = message.properties
  const history = addHistory(message.headers, { at, event: 'retry', detail: reprOfException(exception, 400) })
  const { args, kwargs } = retryArguments(request.profile.definition.params, message, plan)
  const { [lossesHeader]: _losses, ...kept } = message.headers
  const headers: TaskHeaders = {
    ...kept,
    retries: request.retries + 1,
    eta: (eta && formatTime(eta)) ?? null,
    ignore_result: request.ignoresResult,
    [historyHeader]: history,
  }
  if (args !== message.args) headers.argsrepr = pythonArgsRepr(args, 1_024)
  if (kwargs !== message.kwargs) headers.kwargsrepr = pythonRepr(kwargs, 1_024)
  return { ...message, headers, properties, args, kwargs }
}

function compressionOf({ compression }: TaskHeaders): Pick<PublishTo, 'compression'> {
  const [name] = /gzip|zstd|brotli/.exec(String(compression)) ?? []
  return name ? { compression: name as 'gzip' | 'zstd' | 'brotli' } : {}
}
