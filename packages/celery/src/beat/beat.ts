import type { AppCore } from '../app/app-core.ts'
import { Signal } from '../async/signal.ts'
import { CeleryError } from '../errors.ts'
import { bad, type Checks, checkOptions } from '../options/check.ts'
import { between, callback, either, having, options, record, urlReadBy } from '../options/kinds.ts'
import { type BeatEntry, type ReadyEntry, readyEntry } from './entry.ts'
import { placeOf, textOf } from './entry-text.ts'
import { openSchedules, readStoreUrl } from './open-store.ts'
import { isSameDatabase } from './send-run.ts'
import type { EntryState, Run, ScheduleStore } from './store.ts'
import { tick } from './tick.ts'

/** The entries, and where it is kept what was sent of them. */
export interface BeatOptions {
  /**
   * By name: what identifies an entry in the store, which all schedulers of the app share. Those of another app need a
   * store of their own: see `store`.
   */
  entries: Record<string, BeatEntry>
  /**
   * Where it is kept what was sent: `postgres://`, `redis://`, or `memory:` for one scheduler that may begin anew with
   * each start; or a store, such as one under a key or schema of this app's own (`createRedisSchedules`,
   * `createPostgresSchedules`): all that are given a URL have the same. Any number of schedulers may run on one of the first two. RabbitMQ keeps no such thing:
   * an app on it takes PostgreSQL or Redis.
   */
  store: string | ScheduleStore
  /** Seconds after which the store is looked at again even if nothing is due: 5 when absent. */
  maxInterval?: number
  hooks?: BeatHooks
}

/** What metrics are made of. Must not throw: what one throws is logged, and the run is what it was. */
export interface BeatHooks {
  /** `lateness` is in seconds from the due time until it was sent. */
  sent?(run: Run & { task: string; lateness: number }): void
  /** It is tried again. */
  failed?(run: Run & { task: string }, error: unknown): void
  /** It was too late by the entry's `startingDeadline`. */
  leftOut?(run: { entry: string; task: string; due: Date }): void
}

/** Time, for tests. */
export interface BeatClock {
  /** Milliseconds that only ever grow. */
  elapsed(): number
  /** Calls back in so many milliseconds; returns what prevents it. */
  after(milliseconds: number, callback: () => void): () => void
}

/** An entry as the store has it, and when it is due next. */
export interface ListedEntry extends EntryState {
  /** Undefined while it is paused or not enabled, and for an entry that this process does not have. */
  next: Date | undefined
}

/** Schedules, and what is done with them: see `createBeat`. */
export interface Beat {
  /**
   * Resolves when the entries are known to the store and runs are being sent. Rejects when the store or the broker
   * cannot be reached; once it has started, it waits for them to come back.
   */
  start(): Promise<void>
  /** Sends nothing more; resolves when what was being sent is, and its connection to the store closed. Safe to call twice. */
  stop(): Promise<void>
  /** Resolves when it has been stopped. */
  readonly done: Promise<void>
  /** Every entry of the store, also those of other schedulers. Needs no `start`, as what follows. */
  list(): Promise<ListedEntry[]>
  /** Until it is resumed, no scheduler sends its runs. */
  pause(name: string): Promise<void>
  /** Its next run is counted from now; what was missed is not made up. */
  resume(name: string): Promise<void>
  /** Has a scheduler send it now; its schedule goes on as before. */
  trigger(name: string): Promise<void>
}

const defaultClock: BeatClock = {
  elapsed: () => performance.now(),
  after(milliseconds, callback) {
    const timer = setTimeout(callback, milliseconds)
    return () => clearTimeout(timer)
  },
}

/** Seconds after which the entries are made known again, so that they are not taken for removed. */
const registerEvery = 60

const beatChecks: Checks<BeatOptions> = {
  entries: { ...record, expected: 'an object of entries by their names' },
  store: either(urlReadBy(readStoreUrl), having('a store', 'open', 'register', 'read')),
  maxInterval: between(0.01, 3_600),
  hooks: options<BeatHooks>({ sent: callback, failed: callback, leftOut: callback }),
}

/**
 * Sends tasks by schedule, as `celery beat` does. Start as many as you like on one store of PostgreSQL or Redis: each
 * due run is sent by one of them.
 *
 *   const beat = createBeat(app, {
 *     store: 'postgres://...',
 *     entries: { 'nightly report': { task: 'reports.make', schedule: crontab({ hour: 4, minute: 0 }) } },
 *   })
 *   await beat.start()
 */
export function createBeat(app: AppCore, options: BeatOptions, clock: BeatClock = defaultClock): Beat {
  return new Scheduler(app, options, clock)
}

class Scheduler implements Beat {
  readonly #app: AppCore
  readonly #options: BeatOptions
  readonly #clock: BeatClock
  readonly #maxInterval: number
  readonly #entries: ReadonlyMap<string, ReadyEntry>
  readonly #done = Promise.withResolvers<void>()
  readonly #leftOut = new Map<string, number>()
  readonly #others = new Map<string, string>()
  readonly #alarm: Signal
  #store: Promise<ScheduleStore> | undefined
  #started: Promise<void> | undefined
  #loop: Promise<void> | undefined
  #isStopped = false
  #broker = ''
  #failures = 0
  #registeredAt = 0

  constructor(app: AppCore, given: BeatOptions, clock: BeatClock) {
    checkOptions(given, beatChecks, 'createBeat')
    for (const name of ['store', 'entries'] as const) {
      if (given[name] === undefined)
        throw bad(name, `is missing: it must be ${beatChecks[name].expected}`, 'createBeat')
    }
    const { maxInterval = 5 } = given
    this.#app = app
    this.#options = given
    this.#clock = clock
    this.#maxInterval = maxInterval
    this.#alarm = new Signal(clock.after)
    const entries = Object.entries(given.entries)
    this.#entries = new Map(entries.map(([name, entry]) => [name, readyEntry(app, name, entry)]))
  }

  get done(): Promise<void> {
    return this.#done.promise
  }

  start(): Promise<void> {
    this.#started ??= this.#begin().catch((error: unknown) => {
      this.#started = undefined
      throw error
    })
    return this.#started
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    this.#alarm.set()
    await this.#loop
    if (typeof this.#options.store === 'string') await (await this.#store?.catch(() => undefined))?.close()
    this.#done.resolve()
  }

  async list(): Promise<ListedEntry[]> {
    const { entries } = await (await this.#open()).read()
    return entries.map((state) => ({ ...state, next: this.#next(state) }))
  }

  async pause(name: string): Promise<void> {
    await this.#change(name, (store) => store.setPaused(name, true))
  }

  async resume(name: string): Promise<void> {
    await this.#change(name, (store) => store.setPaused(name, false))
  }

  async trigger(name: string): Promise<void> {
    await this.#change(name, (store) => store.trigger(name))
  }

  async #begin(): Promise<void> {
    const store = await this.#open()
    const broker = await this.#app.broker()
    this.#broker = placeOf(broker)
    await this.#register(store)
    const guarantee = isSameDatabase(store, broker) ? 'each run once' : 'each run at least once'
    this.#app.options.log.info({ entries: this.#entries.size, store: store.kind, guarantee }, 'beat: started')
    this.#loop = this.#run(store)
  }

  async #change(name: string, change: (store: ScheduleStore) => Promise<boolean>): Promise<void> {
    if (!(await change(await this.#open()))) {
      const why = 'The store has no such entry: has a scheduler been started that has it?'
      throw new CeleryError('BAD_OPTION', `Entry ${JSON.stringify(name)}: ${why}`)
    }
    this.#alarm.set()
  }

  async #open(): Promise<ScheduleStore> {
    if (this.#isStopped)
      throw new CeleryError('CLOSED', 'This beat was stopped: make another with createBeat.')
    const { store } = this.#options
    const { log, now } = this.#app.options
    this.#store ??= typeof store === 'string' ? openSchedules(store, { log, now }) : Promise.resolve(store)
    const opened = await this.#store
    await opened.open()
    return opened
  }

  async #run(store: ScheduleStore): Promise<void> {
    while (!this.#isStopped) await this.#alarm.wait(await this.#turn(store))
  }

  /** One look at the store; returns the seconds until the next. */
  async #turn(store: ScheduleStore): Promise<number> {
    try {
      if (this.#clock.elapsed() - this.#registeredAt >= registerEvery * 1000) await this.#register(store)
      const hooks = this.#options.hooks ?? {}
      const context = { app: this.#app, store, entries: this.#entries, hooks, broker: this.#broker }
      const told = { leftOut: this.#leftOut, others: this.#others }
      const wait = await tick({ ...context, ...told, elapsed: this.#clock.elapsed })
      this.#failures = 0
      return Math.min(wait, this.#maxInterval)
    } catch (error) {
      this.#failures += 1
      this.#app.options.log.error({ err: error }, 'beat: the store does not answer; it is asked again')
      return Math.min(2 ** Math.min(this.#failures - 1, 10) * 0.5, 30)
    }
  }

  async #register(store: ScheduleStore): Promise<void> {
    await store.register([...this.#entries.values()].map((entry) => textOf(entry, this.#broker)))
    this.#registeredAt = this.#clock.elapsed()
  }

  #next(state: EntryState): Date | undefined {
    const entry = this.#entries.get(state.name)
    return entry?.enabled && !state.paused ? entry.schedule.next(state.since, entry.timeZone) : undefined
  }
}
