import type { MessagePort } from 'node:worker_threads'
import type { AppCore } from '../../app/app-core.ts'
import { runAsTask } from '../../app/current-task.ts'
import { CeleryError, reasonOf, TaskError } from '../../errors.ts'
import { exportedApp } from '../../exported-app.ts'
import type { Log } from '../../log.ts'
import { celeryExceptions } from '../../protocol/celery-exceptions.ts'
import { taskError } from '../../protocol/exceptions.ts'
import { decodeJson, encodeJson } from '../../protocol/json.ts'
import { unmarked } from '../../protocol/lookalikes.ts'
import type { TaskHeaders, TaskMessage } from '../../protocol/message.ts'
import type { ExceptionData } from '../../results/port.ts'
import { failure, type Outcome } from '../run/outcome.ts'
import { perform } from '../run/perform.ts'
import { RunContext, type RunHost } from '../run/run-context.ts'
import { TaskProfiles } from '../task-profile.ts'
import type { FromThread, ThreadAnswer, ThreadCall, ThreadRun, ToThread } from './messages.ts'
import { markTaskThread } from './task-thread.ts'

markTaskThread()

const apps = new Map<string, Promise<AppCore>>()

/** Runs one task on this thread; piscina calls it. */
export default async function runOnThread({ module, run }: ThreadCall): Promise<ThreadAnswer> {
  try {
    const app = await appOf(module)
    return run ? await answer(app, run) : { tasks: [...app.tasks.keys()] }
  } catch (error) {
    return { unusable: reasonOf(error) }
  } finally {
    // The worker waits for this: what the task said has been heard then.
    run?.port.close()
  }
}

async function appOf(module: string): Promise<AppCore> {
  const loading = apps.get(module) ?? loadApp(module)
  apps.set(module, loading)
  try {
    return await loading
  } catch (error) {
    // What keeps it from loading may pass, such as a file that is being written.
    apps.delete(module)
    throw error
  }
}

async function loadApp(module: string): Promise<AppCore> {
  return exportedApp((await import(module)) as object, module)
}

async function answer(app: AppCore, run: ThreadRun): Promise<ThreadAnswer> {
  const message = messageOf(run)
  const context = contextOf(app, run, message)
  tell(run.port, { type: 'started' })
  const outcome = await outcomeOf(app, context)
  try {
    return { outcome: encodeOutcome(outcome), children: encodeJson(context.children, 'children') }
  } catch (error) {
    const why = reasonOf(error)
    const cannot = new TaskError('EncodeError', { module: 'kombu.exceptions', args: [why] })
    return { outcome: encodeOutcome(failure(cannot)), children: '[]' }
  }
}

/** Each part by itself, so that what cannot be sent has the same place as on the event loop: in `result`, or `args`. */
function encodeOutcome(outcome: Outcome): string {
  const parts = Object.entries(outcome)
    .filter(([, part]) => part !== undefined)
    .map(([name, part]) => `"${name}":${encodeJson(part, name === 'value' ? 'result' : name)}`)
  return `{${parts.join(',')}}`
}

async function outcomeOf(app: AppCore, context: RunContext): Promise<Outcome> {
  const profile = new TaskProfiles(app).get(context.name)
  if (!profile) return failure(celeryExceptions.notRegistered(context.name))
  const { definition, retry } = profile
  return await runAsTask(context, () => perform(definition, retry, context))
}

function contextOf(app: AppCore, run: ThreadRun, message: TaskMessage): RunContext {
  const { port, queue, redelivered, worker } = run
  const calls = new Map<number, { resolve(): void; reject(error: Error): void }>()
  const host: RunHost = { app, worker, log: logTo(port), progress: (_, meta, state) => progress(meta, state) }
  const context = new RunContext(message, queue, redelivered, host)
  context.headers = unmarked(decodeJson(run.headers)) as Record<string, unknown>
  let last = 0

  async function progress(meta: string, state: string): Promise<void> {
    last += 1
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    calls.set(last, { resolve, reject })
    tell(port, { type: 'progress', call: last, state, meta })
    await promise
  }

  port.on('message', (from: ToThread) => {
    if (from.type === 'abort') {
      context.abort(taskError(decodeJson(from.reason) as ExceptionData))
      return
    }
    const call = calls.get(from.call)
    calls.delete(from.call)
    if (from.error === undefined) call?.resolve()
    else call?.reject(new CeleryError('RESULTS_UNAVAILABLE', from.error))
  })
  return context
}

function messageOf(run: ThreadRun): TaskMessage {
  const message = decodeJson(run.message) as TaskMessage
  return { ...message, headers: unmarked(message.headers) as TaskHeaders }
}

function logTo(port: MessagePort): Log {
  const write = (level: keyof Log) => (fields: object, message: string) => {
    tell(port, { type: 'log', level, fields: sendableFields(fields), message })
  }
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') }
}

/** What cannot be cloned, such as a function, is written as text. */
function sendableFields(fields: object): object {
  try {
    return structuredClone(fields)
  } catch {
    return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, String(value)]))
  }
}

function tell(port: MessagePort, message: FromThread): void {
  port.postMessage(message)
}
