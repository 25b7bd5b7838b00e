import type { AppCore } from '../../../src/app/app-core.ts'
import type { Broker, QueueDeclaration } from '../../../src/brokers/port.ts'
import type { RequestInfo, ScheduledInfo, WorkerSurface } from '../../../src/worker/surface.ts'

/** A worker that runs nothing and notes what it is asked to do. */
export class FakeWorker implements WorkerSurface {
  readonly app: AppCore
  readonly broker: Broker
  readonly hostname: string
  readonly uptime = 65.2
  readonly threads = 2
  readonly prefetch = 16
  concurrency = 4
  eventsEnabled = false
  readonly calls: unknown[][] = []

  activeRequests: RequestInfo[] = []
  reservedRequests: RequestInfo[] = []
  scheduledRequests: ScheduledInfo[] = []
  counts: Record<string, number> = {}
  readonly #queues = new Map<string, QueueDeclaration>()
  readonly #revoked = new Set<string>()
  readonly #limits = new Map<string, string>()

  constructor(app: AppCore, broker: Broker, hostname = 'celery@fake') {
    this.app = app
    this.broker = broker
    this.hostname = hostname
    this.#queues.set('celery', app.queue('celery'))
  }

  active = () => this.activeRequests
  reserved = () => this.reservedRequests
  scheduled = () => this.scheduledRequests
  totals = () => this.counts
  queues = () => [...this.#queues.values()]
  revoked = () => [...this.#revoked]
  rateLimit = (task: string) => this.#limits.get(task)

  async resize(by: number): Promise<number> {
    this.concurrency = Math.max(1, this.concurrency + by)
    return this.concurrency
  }

  async addQueue(queue: QueueDeclaration): Promise<void> {
    this.calls.push(['addQueue', queue])
    this.#queues.set(queue.name, queue)
  }

  async cancelQueue(name: string): Promise<boolean> {
    return this.#queues.delete(name)
  }

  async revoke(
    taskIds: readonly string[],
    options: { terminate: boolean; signal: string },
  ): Promise<string[]> {
    this.calls.push(['revoke', taskIds, options])
    for (const id of taskIds) this.#revoked.add(id)
    if (!options.terminate) return []
    return this.activeRequests.map(({ message }) => message.headers.id).filter((id) => taskIds.includes(id))
  }

  async revokeByHeaders(
    headers: Record<string, readonly string[]>,
    options: { terminate: boolean; signal: string },
  ): Promise<string[]> {
    this.calls.push(['revokeByHeaders', headers, options])
    return []
  }

  setRateLimit(task: string, limit: string | undefined): void {
    if (limit !== undefined && !/^[\d.]+(\/[smh])?$/.test(limit)) throw new Error('write it like 10/m')
    if (limit === undefined) this.#limits.delete(task)
    else this.#limits.set(task, limit)
  }

  setTimeLimits(task: string, limits: { hard: number | undefined; soft: number | undefined }): void {
    this.calls.push(['setTimeLimits', task, limits])
  }

  setEvents(enabled: boolean): void {
    this.eventsEnabled = enabled
  }

  shutDown(): void {
    this.calls.push(['shutDown'])
  }
}

export function fakeRequest(
  id: string,
  options: {
    args?: unknown[]
    kwargs?: Record<string, unknown>
    task?: string
    startedAt?: Date
    eta?: string
  } = {},
): RequestInfo {
  const { args = [], kwargs = {}, task = 'tasks.add', startedAt, eta = null } = options
  return {
    message: {
      headers: { lang: 'py', task, id, eta, root_id: id, parent_id: null, retries: 0 },
      properties: { contentType: 'application/json', contentEncoding: 'utf-8', priority: 0 },
      args,
      kwargs,
      embed: { callbacks: null, errbacks: null, chain: null, chord: null },
    },
    queue: 'celery',
    exchange: '',
    routingKey: 'celery',
    redelivered: false,
    receivedAt: new Date(),
    startedAt,
    acknowledged: startedAt !== undefined,
    pid: process.pid,
  }
}
