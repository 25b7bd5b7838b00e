import type { AppCore } from '../app/app-core.ts'
import { isMap, mappedTask } from '../app/builtins.ts'
import type { Broker } from '../brokers/port.ts'
import { CeleryError } from '../errors.ts'
import { decodeJson } from '../protocol/json.ts'
import type { ResultStore } from '../results/port.ts'
import { noEvents } from './events.ts'
import { metaOf } from './finish/meta.ts'
import { noMetrics } from './metrics.ts'
import type { Settings, WorkerOptions } from './options.ts'
import { InHand } from './queueing/in-hand.ts'
import { Parked } from './queueing/parked.ts'
import { RateLimiter } from './queueing/rate-limiter.ts'
import { Recent } from './queueing/recent.ts'
import { Revocations } from './queueing/revocations.ts'
import { Slots } from './queueing/slots.ts'
import type { RunContext } from './run/run-context.ts'
import type { Runtime } from './runtime.ts'
import { start } from './start.ts'
import { StartTurns } from './start-turns.ts'
import { TaskProfiles } from './task-profile.ts'
import type { TaskRequest } from './task-request.ts'
import { ThreadPool } from './threads/pool.ts'

/** Tasks done here whose acknowledgement may have been lost: the last 10,000 at least. */
const rememberedTasks = 10_000
/** Where the prefetch window has no limit, how many may have their end written for each that can run. */
const unlimitedEnding = 4

export function createRuntime(
  app: AppCore,
  settings: Settings,
  options: Pick<WorkerOptions, 'metrics' | 'tracer'>,
  connected: { broker: Broker; results: ResultStore | undefined },
): Runtime {
  const { log } = app.options
  const { module, threads, threadMemory: memory } = settings
  const ending = settings.prefetchMultiplier || unlimitedEnding
  const slots = (limit: number): Slots<TaskRequest> => {
    const made = new Slots<TaskRequest>({
      limit,
      ending,
      start: (request) => startIn(runtime, request, made),
    })
    return made
  }
  const runtime: Runtime = {
    app,
    ...connected,
    settings,
    log,
    events: noEvents(),
    metrics: options.metrics ?? noMetrics,
    tracer: options.tracer,
    profiles: new TaskProfiles(app),
    host: {
      app,
      worker: settings.hostname,
      log,
      progress: (run, meta, state) => keepProgress(runtime, run, meta, state),
    },
    threads: module === undefined ? undefined : new ThreadPool({ module, threads, memory, log }),
    mainSlots: slots(settings.concurrency),
    threadSlots: slots(threads),
    limiter: new RateLimiter<TaskRequest>((request) => slotsOf(runtime, request).enter(request)),
    ...nothingYet(),
  }
  return runtime
}

/** What a worker has in hand and remembers, at its start. */
function nothingYet() {
  return {
    requests: new InHand<TaskRequest>(),
    heldLong: new Set<TaskRequest>(),
    revocations: new Revocations(),
    parked: new Parked(),
    finished: new Recent(rememberedTasks),
    discarded: new Recent(rememberedTasks),
    totals: new Map<string, number>(),
    turns: new StartTurns(),
    background: new Set<Promise<void>>(),
    isStopping: false,
    abandon: new AbortController(),
    onIdle: undefined,
    onHeldChanged: () => undefined,
  }
}

/** A time limit that was set while it waited may have it run elsewhere: it waits there then. */
function startIn(runtime: Runtime, request: TaskRequest, slots: Slots<TaskRequest>): void {
  const now = slotsOf(runtime, request)
  if (now === slots) {
    start(runtime, request, slots)
    return
  }
  now.enter(request)
  slots.release()
}

function slotsOf(runtime: Runtime, request: TaskRequest): Slots<TaskRequest> {
  return onThread(runtime, request) ? runtime.threadSlots : runtime.mainSlots
}

/** What has a hard limit runs where it can be ended. */
function onThread({ threads, profiles }: Runtime, request: TaskRequest): boolean {
  const { profile, task, message } = request
  if (!threads) return false
  if (!profile.isBuiltin) return profile.runOn === 'thread' || request.timeLimit !== undefined
  const mapped = isMap(task) ? profiles.get(mappedTask(message) ?? '') : undefined
  if (!mapped || mapped.isBuiltin) return false
  return mapped.runOn === 'thread' || (mapped.timeLimit ?? request.timeLimit) !== undefined
}

/** How many messages may be in hand of each queue: for each that can run some more, and those that are held for long. */
export function windowOf({ settings, mainSlots, threadSlots, threads, heldLong }: Runtime): number {
  if (settings.prefetchMultiplier === 0) return 0
  const running = mainSlots.limit + (threads ? threadSlots.limit : 0)
  return running * settings.prefetchMultiplier + heldLong.size
}

/** A state of the task's own. Of a task that was given up on, nothing more is kept. */
async function keepProgress(runtime: Runtime, run: RunContext, meta: string, state: string): Promise<void> {
  const { results, requests } = runtime
  const request = [...requests.withId(run.id)].find(({ context }) => context === run)
  if (!results || !request || request.isDecided || request.ignoresResult) return
  const before = request.tracking ?? Promise.resolve()
  const stored = before.then(async () => {
    if (!request.isDecided) await results.store(metaOf(runtime, request, state, decodeJson(meta)))
  })
  // One after the other, and what it ends with after them, even when the task waits for none.
  request.tracking = stored.catch(() => undefined)
  try {
    await stored
  } catch (error) {
    // A value that no store can hold is the task's mistake; that the store is away is not.
    if (error instanceof CeleryError && error.code === 'BAD_VALUE') throw error
    runtime.log.warn({ err: error, id: run.id }, `${state} could not be stored`)
  }
}
