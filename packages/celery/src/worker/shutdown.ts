import { forEachBounded } from '../async/for-each-bounded.ts'
import { atMost } from '../async/within.ts'
import { TaskError } from '../errors.ts'
import { type Checks, checkOptions } from '../options/check.ts'
import { oneOf, seconds } from '../options/kinds.ts'
import { celeryExceptions } from '../protocol/celery-exceptions.ts'
import type { Consumers } from './consumers.ts'
import { done } from './finish/done.ts'
import { ended } from './finish/ended.ts'
import { giveBack } from './finish/settle.ts'
import { tellFailure } from './finish/tell-failure.ts'
import { failure } from './run/outcome.ts'
import type { Runtime } from './runtime.ts'
import { unhold } from './schedule.ts'
import type { TaskRequest } from './task-request.ts'

/** How a worker is stopped: see `Worker.stop`. */
export interface StopOptions {
  mode?: 'warm' | 'cold'
  /** Seconds that a warm stop waits for what runs; then it is cold. For as long as it takes when absent. */
  timeout?: number
}

const checks: Checks<StopOptions> = { mode: oneOf('warm', 'cold'), timeout: seconds }

/** @throws CeleryError `BAD_OPTION` */
export function checkStop(options: StopOptions): void {
  checkOptions(options, checks, 'stop')
}

/** Seconds that the last words of what was cut off may take. */
const lastWords = 5

/** How many messages are on their way back at a time; each is told to the broker before the next. */
const returnedAtOnce = 100

/** How a worker stops: softly first, harder at each further call. */
export class Shutdown {
  readonly #runtime: Runtime
  readonly #consumers: Consumers
  readonly #close: () => Promise<void>
  readonly #cold = Promise.withResolvers<void>()
  readonly #now = Promise.withResolvers<void>()
  #isCold = false
  #stopping: Promise<void> | undefined

  constructor(runtime: Runtime, consumers: Consumers, close: () => Promise<void>) {
    this.#runtime = runtime
    this.#consumers = consumers
    this.#close = close
  }

  async stop({ mode = 'warm', timeout }: StopOptions): Promise<void> {
    if (!this.#stopping) {
      if (mode === 'cold') this.#makeCold()
      this.#stopping = this.#stop(timeout)
    } else if (this.#isCold) this.#now.resolve()
    else this.#makeCold()
    await this.#stopping
  }

  /** Cold from now on, and no harder than that, however often it is asked for. */
  async stopCold(): Promise<void> {
    this.#makeCold()
    this.#stopping ??= this.#stop(undefined)
    await this.#stopping
  }

  #makeCold(): void {
    this.#isCold = true
    this.#cold.resolve()
  }

  async #stop(timeout: number | undefined): Promise<void> {
    const { log, settings, requests } = this.#runtime
    this.#runtime.isStopping = true
    log.info({ running: requests.size }, this.#isCold ? 'the worker stops cold' : 'the worker stops warm')
    const leaving = this.#consumers.cancelAll()
    const returned = this.#giveBackWaiting()
    await this.#first([leaving, this.#now.promise], lastWords)
    await this.#first([returned, this.#now.promise], lastWords)
    await this.#first([this.#idle(), this.#cold.promise], timeout)
    this.#makeCold()
    await this.#first([this.#idle(), this.#now.promise], settings.softShutdownTimeout)
    this.#runtime.abandon.abort()
    const cut = Promise.all([...requests].map((request) => cutOff(this.#runtime, request)))
    await this.#first([cut, this.#now.promise], lastWords)
    await this.#first([this.#idle(), this.#now.promise], lastWords)
    await this.#close()
    log.info({}, 'the worker has stopped')
  }

  /** What is in hand and does not run goes back; in the order it came in, so that the front is the front again. */
  async #giveBackWaiting(): Promise<void> {
    const { limiter, mainSlots, threadSlots, requests } = this.#runtime
    limiter.takeWaiting()
    mainSlots.takeWaiting()
    threadSlots.takeWaiting()
    const waiting = [...requests].filter(isWaiting).reverse()
    // All at once: what is still held when its turn comes to go back could have begun meanwhile.
    for (const request of waiting) unhold(this.#runtime, request)
    await forEachBounded(waiting, returnedAtOnce, (request) => this.#giveBackUnlessRevoked(request))
  }

  async #giveBackUnlessRevoked(request: TaskRequest): Promise<void> {
    if (!isWaiting(request)) return
    await giveBack(this.#runtime, request)
    done(this.#runtime, request)
  }

  async #idle(): Promise<void> {
    const { requests, background } = this.#runtime
    if (requests.size === 0 && background.size === 0) return
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#runtime.onIdle = resolve
    await promise
  }

  /** Waits for the first of these, or for so many seconds. */
  async #first(promises: Promise<unknown>[], seconds: number | undefined): Promise<void> {
    const first = Promise.race(promises)
    if (seconds === undefined) await first
    else await atMost(seconds, first)
  }
}

function isWaiting({ status, isLeaving, isDecided }: TaskRequest): boolean {
  return status !== 'running' && !isLeaving && !isDecided
}

/**
 * Ends what runs: back into its queue if it was not acknowledged, else it failed. While its broker has not answered
 * which, nobody is told anything: its message may come again, and be run.
 */
async function cutOff(runtime: Runtime, request: TaskRequest): Promise<void> {
  const reason = new TaskError('WorkerShutdown', {
    module: 'celery.exceptions',
    args: ['the worker is stopped cold'],
  })
  // One whose end is decided already is writing it, and is told that nobody waits for that any longer. One that is on
  // its way out has not begun, and goes back when its broker does not take it.
  if (request.isDecided || request.isLeaving) return
  request.isDecided = true
  request.clearTimers()
  request.context?.abort(reason)
  request.thread?.abort(reason)
  ended(runtime, request, 'LOST', reason.message)
  // Where that fails, it is dealt with as a mistake of the broker's.
  await request.acknowledging?.catch(() => false)
  const { id, task, acknowledged } = request
  runtime.log.warn({ id, task, acknowledged }, 'a task is cut off as the worker stops')
  if (acknowledged) await tellLost(runtime, request)
  else await giveBack(runtime, request)
  done(runtime, request)
}

/** Whoever waits for it, or comes after it, hears that it failed. Never throws. */
async function tellLost(runtime: Runtime, request: TaskRequest): Promise<void> {
  try {
    await tellFailure(runtime, request, failure(celeryExceptions.workerLost('the worker was stopped cold')))
  } catch (error) {
    const what = 'the failure of a task that was cut off could not be told'
    runtime.log.error({ err: error, id: request.id }, what)
  }
}
