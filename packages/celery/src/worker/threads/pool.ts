import { MessageChannel, type MessagePort } from 'node:worker_threads'
import type { Piscina } from 'piscina'
import { CeleryError, reasonOf } from '../../errors.ts'
import type { Log } from '../../log.ts'
import { exceptionData } from '../../protocol/exceptions.ts'
import { decodeJson, encodeForUs, encodeJson } from '../../protocol/json.ts'
import { marked } from '../../protocol/lookalikes.ts'
import type { Outcome } from '../run/outcome.ts'
import type { RunContext, RunHost } from '../run/run-context.ts'
import type { TaskRequest } from '../task-request.ts'
import type { FromThread, ThreadAnswer, ThreadCall, ToThread } from './messages.ts'

export interface ThreadPoolOptions {
  module: string
  threads: number
  /** MiB. */
  memory: number | undefined
  log: Log
  /** Seconds in which a thread must have loaded the app: 60 when absent. */
  loadWithin?: number
}

/** Milliseconds that a thread without work is kept. */
const idleTimeout = 60_000

// What is published is JavaScript.
const entry = new URL(import.meta.url.endsWith('.ts') ? './entry.ts' : './entry.js', import.meta.url).href

/** Threads that run tasks one at a time, and are replaced when they are ended or die. */
export class ThreadPool {
  readonly #options: ThreadPoolOptions
  #pool: Promise<Piscina> | undefined

  constructor(options: ThreadPoolOptions) {
    this.#options = options
  }

  /**
   * Loads the app on a thread; throws `BAD_OPTION` when it cannot be, or does not have these tasks, and the signal's
   * reason when it is aborted first.
   */
  async check(tasks: readonly string[], signal: AbortSignal): Promise<void> {
    const { module } = this.#options
    const answer = await this.#load(signal)
    if ('unusable' in answer) {
      throw new CeleryError('BAD_OPTION', `threads cannot load the app from ${module}: ${answer.unusable}`)
    }
    const there = new Set('tasks' in answer ? answer.tasks : [])
    const missing = tasks.filter((task) => !there.has(task))
    if (missing.length === 0) return
    throw new CeleryError('BAD_OPTION', `the app that ${module} exports does not have ${missing.join(', ')}`)
  }

  /** Never rejects with what the task threw: that is an outcome, and so is the end of the thread. */
  async run(
    request: TaskRequest,
    context: RunContext,
    host: RunHost,
    onStarted: () => void,
  ): Promise<Outcome> {
    const { port1: port, port2 } = new MessageChannel()
    const thread = new AbortController()
    request.thread = thread
    const loading = this.#limitLoading(thread)
    const heard = listen(port, context, host, () => {
      clearTimeout(loading)
      onStarted()
    })
    const forward = () => tell(port, { type: 'abort', reason: encodeJson(abortReason(context.signal)) })
    context.signal.addEventListener('abort', forward, { once: true })
    try {
      const answer = await this.#call(callOf(this.#options.module, request, context, port2), thread.signal, [
        port2,
      ])
      await heard.rest()
      return outcomeOf(answer, context)
    } catch (error) {
      const cause: unknown = thread.signal.aborted ? thread.signal.reason : error
      return { kind: 'lost', why: reasonOf(cause) }
    } finally {
      clearTimeout(loading)
      context.signal.removeEventListener('abort', forward)
      port.close()
    }
  }

  /** Ends all threads and what runs on them. */
  async close(): Promise<void> {
    const pool = await this.#pool
    await pool?.destroy()
  }

  async #load(signal: AbortSignal): Promise<ThreadAnswer> {
    signal.throwIfAborted()
    const thread = new AbortController()
    const loading = this.#limitLoading(thread)
    const stop = () => thread.abort(signal.reason)
    signal.addEventListener('abort', stop)
    try {
      return await this.#call({ module: this.#options.module, run: undefined }, thread.signal)
    } catch (error) {
      if (signal.aborted) throw signal.reason
      if (!thread.signal.aborted) throw error
      return { unusable: reasonOf(thread.signal.reason) }
    } finally {
      clearTimeout(loading)
      signal.removeEventListener('abort', stop)
    }
  }

  #limitLoading(thread: AbortController): NodeJS.Timeout {
    const { loadWithin = 60 } = this.#options
    const tooLong = () => thread.abort(new Error(`the app did not load within ${loadWithin} seconds`))
    return setTimeout(tooLong, loadWithin * 1_000)
  }

  async #call(
    call: ThreadCall,
    signal?: AbortSignal,
    transferList: MessagePort[] = [],
  ): Promise<ThreadAnswer> {
    this.#pool ??= this.#open()
    const pool = await this.#pool
    return (await pool.run(call, { transferList, ...(signal && { signal }) })) as ThreadAnswer
  }

  async #open(): Promise<Piscina> {
    const { Piscina: Pool } = await import('piscina')
    const { threads, memory, log } = this.#options
    const pool = new Pool({
      filename: entry,
      minThreads: 1,
      maxThreads: threads,
      idleTimeout,
      // An idle thread goes on with its event loop, so that its connections stay alive.
      atomics: 'disabled',
      ...(memory !== undefined && { resourceLimits: { maxOldGenerationSizeMb: memory } }),
    })
    pool.on('error', (error: unknown) => log.error({ err: error }, 'a thread died without a task'))
    return pool
  }
}

function callOf(module: string, request: TaskRequest, context: RunContext, port: MessagePort): ThreadCall {
  // What is to follow the task is the worker's business.
  const embed = { callbacks: null, errbacks: null, chain: null, chord: null }
  return {
    module,
    run: {
      message: encodeForUs(
        { ...request.message, headers: marked(request.message.headers), embed },
        'message',
      ),
      headers: encodeForUs(marked(context.headers), 'headers'),
      queue: request.queue,
      redelivered: request.redelivered,
      worker: context.worker,
      port,
    },
  }
}

function outcomeOf(answer: ThreadAnswer, context: RunContext): Outcome {
  if ('outcome' in answer) {
    context.children.push(...(decodeJson(answer.children) as unknown[]))
    return decodeJson(answer.outcome) as Outcome
  }
  throw new Error('unusable' in answer ? answer.unusable : 'the thread ran no task')
}

/** Does what the task on the thread asks of the worker. */
function listen(port: MessagePort, context: RunContext, host: RunHost, onStarted: () => void) {
  const { promise: isClosed, resolve } = Promise.withResolvers<void>()
  port.on('close', resolve)
  port.on('message', (from: FromThread) => {
    switch (from.type) {
      case 'started':
        onStarted()
        break
      case 'log':
        context.log[from.level](from.fields, from.message)
        break
      case 'progress':
        void keepProgress(port, context, host, from)
    }
  })
  // The thread closes its end when it is done: what it said before has been heard then.
  return { rest: () => isClosed }
}

async function keepProgress(
  port: MessagePort,
  context: RunContext,
  host: RunHost,
  { call, state, meta }: { call: number; state: string; meta: string },
): Promise<void> {
  let error: string | undefined
  try {
    await host.progress(context, meta, state)
  } catch (failed) {
    error = reasonOf(failed)
  }
  tell(port, { type: 'kept', call, error })
}

function tell(port: MessagePort, message: ToThread): void {
  port.postMessage(message)
}

function abortReason(signal: AbortSignal): unknown {
  return exceptionData(signal.reason).data
}
