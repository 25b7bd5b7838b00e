import { constants } from 'node:os'
import type { AppCore } from '../app/app-core.ts'
import type { Broker, QueueDeclaration } from '../brokers/port.ts'
import { CeleryError } from '../errors.ts'
import { celeryExceptions } from '../protocol/celery-exceptions.ts'
import type { Consumers } from './consumers.ts'
import { endRevoked } from './finish/revoke.ts'
import { nowOf, type Runtime } from './runtime.ts'
import { unhold } from './schedule.ts'
import type { RequestInfo, ScheduledInfo, WorkerSurface } from './surface.ts'
import type { TaskRequest } from './task-request.ts'

interface Parts {
  runtime: Runtime
  consumers: Consumers
  stop(): void
}

/** Milliseconds that a revocation outlasts the time for which a parked task waits. */
const revokedAfterEta = 3 * 3_600_000

/** What others see of a worker and ask of it; there from the start on. */
export class RunningSurface implements WorkerSurface {
  readonly app: AppCore
  readonly broker: Broker
  readonly hostname: string
  /** Milliseconds, of `performance.now`: a clock that is set meanwhile changes nothing. */
  readonly #startedAt = performance.now()
  readonly #runtime: Runtime
  readonly #consumers: Consumers
  readonly #stop: () => void

  constructor({ runtime, consumers, stop }: Parts) {
    this.app = runtime.app
    this.broker = runtime.broker
    this.hostname = runtime.settings.hostname
    this.#runtime = runtime
    this.#consumers = consumers
    this.#stop = stop
  }

  get uptime(): number {
    return (performance.now() - this.#startedAt) / 1_000
  }

  active(): readonly RequestInfo[] {
    // Not those that have ended, and whose end is being written.
    return this.#withStatus('running').filter(({ isDecided }) => !isDecided)
  }
  reserved(): readonly RequestInfo[] {
    return this.#withStatus('waiting')
  }
  scheduled(): readonly ScheduledInfo[] {
    // While the broker takes what is to be parked, it is still shown.
    const held = this.#withStatus('held').filter(({ isLeaving, eta }) => !isLeaving || eta !== undefined)
    const here = held.map((request) => ({ eta: request.eta ?? request.receivedAt, request }))
    return [...this.#runtime.parked.list(nowOf(this.#runtime)), ...here].slice(-1_000)
  }
  totals(): Record<string, number> {
    return Object.fromEntries(this.#runtime.totals)
  }

  get concurrency(): number {
    return this.#runtime.mainSlots.limit
  }
  get threads(): number {
    return this.#runtime.threads ? this.#runtime.threadSlots.limit : 0
  }
  get prefetch(): number {
    return this.#consumers.prefetch
  }
  async resize(by: number): Promise<number> {
    const { mainSlots } = this.#runtime
    if (!Number.isSafeInteger(by)) throw new CeleryError('BAD_OPTION', 'Grow or shrink by a whole number.')
    mainSlots.limit = Math.max(1, mainSlots.limit + by)
    await this.#consumers.updatePrefetch()
    mainSlots.fill()
    return mainSlots.limit
  }

  queues(): readonly QueueDeclaration[] {
    return this.#consumers.queues()
  }
  async addQueue(queue: QueueDeclaration): Promise<void> {
    if (this.#runtime.isStopping) throw new CeleryError('CLOSED', 'The worker is stopping.')
    await this.#consumers.add(queue)
  }
  async cancelQueue(name: string): Promise<boolean> {
    return await this.#consumers.cancel(name)
  }

  revoked(): readonly string[] {
    return this.#runtime.revocations.ids.list(nowOf(this.#runtime))
  }
  async revoke(
    taskIds: readonly string[],
    options: { terminate: boolean; signal: string },
  ): Promise<readonly string[]> {
    const { revocations, parked } = this.#runtime
    const now = nowOf(this.#runtime)
    for (const id of taskIds) {
      const eta = this.#etaOf(id)?.getTime()
      revocations.ids.add(id, now, eta === undefined ? 0 : eta + revokedAfterEta)
      parked.remove(id)
    }
    const ids = new Set(taskIds)
    const inHand = this.#end((request) => ids.has(request.id), options)
    return [...inHand].filter(([, wasRunning]) => wasRunning).map(([id]) => id)
  }
  async revokeByHeaders(
    headers: Record<string, readonly string[]>,
    options: { terminate: boolean; signal: string },
  ): Promise<readonly string[]> {
    const { revocations } = this.#runtime
    const now = nowOf(this.#runtime)
    revocations.addHeaders(headers, now)
    const inHand = this.#end((request) => revocations.hasHeader(request.message.headers, now), options)
    return [...inHand].filter(([, wasRunning]) => wasRunning).map(([id]) => id)
  }

  setRateLimit(task: string, limit: string | undefined): void {
    this.#runtime.limiter.set(task, limit)
  }
  rateLimit(task: string): string | undefined {
    return this.#runtime.limiter.limit(task)
  }
  setTimeLimits(task: string, limits: { hard: number | undefined; soft: number | undefined }): void {
    const profile = this.#runtime.profiles.get(task)
    if (!profile) throw new CeleryError('BAD_OPTION', `This worker has no task named ${task}.`)
    profile.timeLimit = limits.hard
    profile.softTimeLimit = limits.soft
  }

  setEvents(enabled: boolean): void {
    this.#runtime.events.enabled = enabled
  }
  get eventsEnabled(): boolean {
    return this.#runtime.events.enabled
  }
  shutDown(): void {
    this.#stop()
  }

  /** Of what was parked here, or is on its way there. */
  #etaOf(id: string): Date | undefined {
    const { parked, requests } = this.#runtime
    const leaving = [...requests.withId(id)].find(({ isLeaving }) => isLeaving)
    return leaving?.eta ?? parked.get(id)?.eta
  }

  #withStatus(status: TaskRequest['status']): TaskRequest[] {
    return [...this.#runtime.requests].filter((request) => request.status === status)
  }

  /** Ends those that wait, and with `terminate` those that run. Returns all that match, and whether they were running. */
  #end(
    isMeant: (request: TaskRequest) => boolean,
    { terminate, signal }: { terminate: boolean; signal: string },
  ): Map<string, boolean> {
    const found = new Map<string, boolean>()
    for (const request of [...this.#runtime.requests]) {
      if (request.isDecided || !isMeant(request)) continue
      const wasRunning = request.status === 'running'
      found.set(request.id, wasRunning)
      if (wasRunning && terminate) terminateRun(this.#runtime, request, signal)
      else if (!wasRunning && !request.isLeaving) endWaiting(this.#runtime, request)
    }
    return found
  }
}

function terminateRun(runtime: Runtime, request: TaskRequest, signal: string): void {
  const { context, thread } = request
  endRevoked(runtime, request, { terminated: true, signum: signalNumber(signal), expired: false })
  const reason = celeryExceptions.taskRevoked('terminated')
  context?.abort(reason)
  thread?.abort(reason)
}

function endWaiting(runtime: Runtime, request: TaskRequest): void {
  unhold(runtime, request)
  runtime.limiter.remove(request.task, request)
  runtime.mainSlots.remove(request)
  runtime.threadSlots.remove(request)
  endRevoked(runtime, request, { terminated: false, signum: null, expired: false })
}

/** `TERM`, `SIGTERM` or a number; 15 when it is none. */
function signalNumber(signal: string): number {
  const name = signal.toUpperCase().replace(/^(?!SIG)/, 'SIG')
  const byName = new Map<string, number>(Object.entries(constants.signals))
  return byName.get(name) ?? (Number.parseInt(signal, 10) || 15)
}
