import { runAsTask } from '../../app/current-task.ts'
import { timerOf } from '../../async/timer.ts'
import { celeryExceptions } from '../../protocol/celery-exceptions.ts'
import { crashed } from '../finish/crash.ts'
import { decideEnd } from '../finish/finish.ts'
import { metaOf } from '../finish/meta.ts'
import { nowOf, type Runtime } from '../runtime.ts'
import type { TaskRequest } from '../task-request.ts'
import { childTraceparent, newSpanId, newTraceparent } from '../trace.ts'
import { failure, type Outcome } from './outcome.ts'
import { perform } from './perform.ts'
import { RunContext } from './run-context.ts'

/**
 * Runs a request's task, on the event loop or on a thread; how that ends is decided by itself. One whose end is decided
 * already is not run. Never throws.
 */
export function run(runtime: Runtime, request: TaskRequest): void {
  if (request.isDecided) return
  try {
    execute(runtime, request)
  } catch (error) {
    void crashed(runtime, request, error)
  }
}

function execute(runtime: Runtime, request: TaskRequest): void {
  request.startedMs = nowOf(runtime)
  const context = new RunContext(request.message, request.queue, request.redelivered, runtime.host)
  request.context = context
  trace(runtime, request, context)
  runtime.metrics.started(request.task, (context.beganAt - request.cameAt) / 1_000)
  runtime.events.started(request.id)
  if (request.profile.trackStarted) track(runtime, request)
  // As it was decided when it got its slot: another time limit since then changes nothing.
  const isOnThread = request.slots === runtime.threadSlots
  const outcome = isOnThread ? runOnThread(runtime, request, context) : runOnMain(runtime, request, context)
  if (!(outcome instanceof Promise)) {
    ran(runtime, request, outcome)
    return
  }
  outcome.then(
    (ended) => ran(runtime, request, ended),
    (error: unknown) => crashed(runtime, request, error),
  )
}

/** The next may run while this one's end is written. */
function ran(runtime: Runtime, request: TaskRequest, outcome: Outcome): void {
  decideEnd(runtime, request, outcome)
  request.hasRun = true
  request.slots?.ran()
}

function runOnMain(runtime: Runtime, request: TaskRequest, context: RunContext): Outcome | Promise<Outcome> {
  armLimits(runtime, request, context)
  const { definition, retry } = request.profile
  return runAsTask(context, () => perform(definition, retry, context))
}

function runOnThread(runtime: Runtime, request: TaskRequest, context: RunContext): Promise<Outcome> {
  if (!runtime.threads) throw new Error('there are no threads')
  return runtime.threads.run(request, context, runtime.host, () => armLimits(runtime, request, context))
}

function armLimits(runtime: Runtime, request: TaskRequest, context: RunContext): void {
  // What a thread tells may come late: nobody would disarm them any more.
  if (request.isDecided) return
  const { softTimeLimit, timeLimit } = request
  if (softTimeLimit !== undefined) {
    request.timer = setTimeout(() => {
      const { id, task } = request
      runtime.log.warn({ id, task }, `soft time limit (${softTimeLimit}s) exceeded`)
      context.abort(celeryExceptions.softTimeLimitExceeded())
    }, timerOf(softTimeLimit))
  }
  if (timeLimit !== undefined) {
    request.hardTimer = setTimeout(() => endAtLimit(runtime, request, timeLimit), timerOf(timeLimit))
  }
}

function endAtLimit(runtime: Runtime, request: TaskRequest, seconds: number): void {
  const { id, task, thread } = request
  const reason = celeryExceptions.timeLimitExceeded(seconds)
  runtime.log.error(
    { id, task },
    thread
      ? `hard time limit (${seconds}s) exceeded: its thread is ended`
      : `hard time limit (${seconds}s) exceeded: it is given up on, but goes on; give the worker the option module`,
  )
  decideEnd(runtime, request, failure(reason))
  request.context?.abort(reason)
  thread?.abort(reason)
}

/** STARTED goes its way while the task runs; what it ends with waits for it. */
function track(runtime: Runtime, request: TaskRequest): void {
  const { results, settings, log } = runtime
  if (!results || request.ignoresResult) return
  const meta = metaOf(runtime, request, 'STARTED', { pid: process.pid, hostname: settings.hostname })
  request.tracking = results.store(meta).catch((error: unknown) => {
    log.warn({ err: error, id: request.id }, 'STARTED could not be stored')
  })
}

/** Without a tracer the header goes on as it came: a span that nobody records would be a parent that is missing. */
function trace(runtime: Runtime, request: TaskRequest, context: RunContext): void {
  const { tracer } = runtime
  if (!tracer) return
  const given = request.message.headers.traceparent
  const traceparent = childTraceparent(given, newSpanId()) ?? newTraceparent()
  context.headers = { ...request.message.headers, traceparent }
  const { message, queue } = request
  const parent = typeof given === 'string' ? given : undefined
  const end = guarded(runtime, () => tracer.begin({ message, queue, traceparent, parent }))
  if (end) request.endSpan = (how) => guarded(runtime, () => end(how))
}

/** A tracer's mistake is no task's. */
function guarded<T>({ log }: Runtime, call: () => T): T | undefined {
  try {
    return call()
  } catch (error) {
    log.warn({ err: error }, 'the tracer failed')
    return undefined
  }
}
