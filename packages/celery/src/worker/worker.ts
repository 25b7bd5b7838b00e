import type { AppCore } from '../app/app-core.ts'
import { knownQueues } from '../app/known-queues.ts'
import { onceATurn } from '../async/once-a-turn.ts'
import { CeleryError } from '../errors.ts'
import { Consumers } from './consumers.ts'
import { createRuntime, windowOf } from './create-runtime.ts'
import { type Settings, settingsOf, type WorkerOptions } from './options.ts'
import { watchQueues } from './queue-watch.ts'
import { receive } from './receive.ts'
import type { Runtime } from './runtime.ts'
import { checkStop, Shutdown, type StopOptions } from './shutdown.ts'
import { blame } from './stray.ts'
import type { WorkerSurface } from './surface.ts'
import { isTaskThread } from './threads/task-thread.ts'
import { RunningSurface } from './worker-surface.ts'

/** Takes tasks from queues and runs them. */
export interface Worker {
  /**
   * Resolves when every queue is consumed from; rejects, with all that was begun undone, when that cannot be, and may be
   * called again then. Rejects with `CLOSED` when the worker was told to stop before: it starts no more.
   */
  start(): Promise<void>
  /**
   * `warm`, the default: what runs is finished, in at most `timeout` seconds when that is given; all else goes back to
   * its queue. `cold`: what runs is aborted after the option `softShutdownTimeout`; with `ack: 'late'` it goes back
   * too. A second call makes a warm stop cold, and a further one lets nothing go on any longer. The app's connections
   * stay open: they are the app's to close. Rejects with `BAD_OPTION`, and does nothing, for options that make no sense.
   */
  stop(options?: StopOptions): Promise<void>
  /**
   * For a handler of `uncaughtException`, which a worker never sets by itself: the command does. Called within it, it
   * logs which task the error came from, or which it may have come from, has that end as one that lost its worker
   * (counted, or failed, as its acknowledgement says), and stops cold. The process should end then.
   */
  stopFor(error: unknown): Promise<void>
  /** Resolves when the worker has stopped, whoever asked for it, or could not start: another start has another. */
  readonly done: Promise<void>
  /** What remote control, events and metrics use; throws before the worker has started. */
  readonly surface: WorkerSurface
}

/** Of options that were checked by `workerChecks`. Nothing connects before `start`. */
export function createWorker(app: AppCore, options: WorkerOptions = {}): Worker {
  return new QueueWorker(app, options)
}

class QueueWorker implements Worker {
  readonly #app: AppCore
  readonly #options: WorkerOptions
  readonly #settings: Settings
  readonly #toClose: (() => Promise<void> | void)[] = []
  readonly #stopped = new AbortController()
  #starting: Promise<void> | undefined
  #done = Promise.withResolvers<void>()
  #hasFailed = false
  #isReady = false
  #runtime: Runtime | undefined
  #shutdown: Shutdown | undefined
  #surface: RunningSurface | undefined

  constructor(app: AppCore, options: WorkerOptions) {
    this.#app = app
    this.#options = options
    this.#settings = settingsOf(app, options)
  }

  get done(): Promise<void> {
    return this.#done.promise
  }

  get surface(): WorkerSurface {
    if (this.#surface) return this.#surface
    throw new CeleryError('BAD_OPTION', 'The worker has not started: await its start() first.')
  }

  async start(): Promise<void> {
    this.#stillWanted()
    this.#starting ??= this.#tryToStart()
    await this.#starting
  }

  async stop(options: StopOptions = {}): Promise<void> {
    checkStop(options)
    this.#stopped.abort(stopped())
    // A start that goes on ends itself at its next step.
    if (this.#shutdown && !this.#isReady) await this.#starting?.catch(() => undefined)
    await this.#shutdown?.stop(options)
    this.#done.resolve()
  }

  async stopFor(error: unknown): Promise<void> {
    this.#stopped.abort(stopped())
    blame(this.#runtime, this.#app.options.log, error)
    if (!this.#isReady) await this.#starting?.catch(() => undefined)
    await this.#shutdown?.stopCold()
    this.#done.resolve()
  }

  async #tryToStart(): Promise<void> {
    if (this.#hasFailed) this.#done = Promise.withResolvers()
    this.#hasFailed = false
    try {
      await this.#start()
    } catch (error) {
      await this.#shutdown?.stop({ mode: 'cold' })
      this.#shutdown = undefined
      this.#runtime = undefined
      this.#surface = undefined
      this.#starting = undefined
      this.#hasFailed = true
      this.#done.resolve()
      throw error
    }
  }

  async #start(): Promise<void> {
    if (isTaskThread()) {
      const message = 'This thread runs tasks for a worker: start a worker in another module than the app.'
      throw new CeleryError('BAD_OPTION', message)
    }
    const connected = { broker: await this.#app.broker(), results: await this.#app.results() }
    this.#stillWanted()
    const runtime = createRuntime(this.#app, this.#settings, this.#options, connected)
    this.#runtime = runtime
    const consumers: Consumers = new Consumers({
      broker: runtime.broker,
      log: runtime.log,
      onDelivery: (delivery) => receive(runtime, delivery),
      window: () => windowOf(runtime),
    })
    // Many may be held or let go at once, and each look for a new window asks the broker.
    runtime.onHeldChanged = onceATurn(() => updatePrefetch(runtime, consumers))
    if (runtime.threads) this.#toClose.push(() => runtime.threads?.close())
    this.#shutdown = new Shutdown(runtime, consumers, () => this.#close())
    await this.#begin(runtime, consumers)
  }

  async #begin(runtime: Runtime, consumers: Consumers): Promise<void> {
    const surface = new RunningSurface({ runtime, consumers, stop: () => void this.stop() })
    this.#surface = surface
    const { events, services = [] } = this.#options
    if (events) runtime.events = events(surface)
    runtime.metrics.bind(surface)
    this.#toClose.push(() => runtime.metrics.unbind?.(surface))
    this.#limitRates(runtime)
    this.#stillWanted()
    await this.#checkThreads(runtime)
    this.#stillWanted()
    if (events) {
      await runtime.events.start()
      this.#toClose.push(() => runtime.events.stop())
    }
    // Before the first message is taken: one of them asks other workers what was revoked.
    for (const begin of services) {
      this.#stillWanted()
      const service = await begin(surface)
      this.#toClose.push(() => service.stop())
    }
    for (const queue of this.#settings.queues) {
      this.#stillWanted()
      await consumers.add(queue)
    }
    const served = () => surface.queues().map(({ name }) => name)
    this.#toClose.push(watchQueues(runtime, () => [...knownQueues(this.#app), ...served()]))
    this.#stillWanted()
    this.#isReady = true
    const { hostname, concurrency } = this.#settings
    runtime.log.info({ hostname, concurrency, queues: served() }, 'the worker is ready')
  }

  #stillWanted(): void {
    this.#stopped.signal.throwIfAborted()
  }

  #limitRates({ app, limiter }: Runtime): void {
    const { rateLimit: byDefault } = app.options.taskDefaults
    for (const { name, rateLimit = byDefault } of app.tasks.values()) limiter.set(name, rateLimit)
  }

  /** Threads are not needed by every worker, but what is to run on one must be able to. */
  async #checkThreads({ threads, profiles, app }: Runtime): Promise<void> {
    const names = [...app.tasks.keys()].filter((name) => {
      const profile = profiles.get(name)
      if (profile === undefined || profile.isBuiltin) return false
      return profile.runOn === 'thread' || (threads !== undefined && Boolean(profile.timeLimit))
    })
    if (names.length === 0) return
    if (!threads) {
      throw new CeleryError(
        'BAD_OPTION',
        `${names.join(', ')} run on threads: give createWorker the option module, the URL of the module that exports the app.`,
      )
    }
    await threads.check(names, this.#stopped.signal)
  }

  /** In the order opposite to that of the start; one that fails does not keep the others open. */
  async #close(): Promise<void> {
    for (const close of this.#toClose.splice(0).reverse()) {
      try {
        await close()
      } catch (error) {
        this.#app.options.log.warn({ err: error }, 'a part of the worker could not be closed')
      }
    }
  }
}

function stopped(): CeleryError {
  return new CeleryError('CLOSED', 'The worker was stopped, and does not start: create another.')
}

function updatePrefetch({ log }: Runtime, consumers: Consumers): void {
  consumers.updatePrefetch().catch((error: unknown) => {
    log.warn({ err: error }, 'the prefetch window could not be changed')
  })
}
