import type { Counter, Histogram, Registry } from 'prom-client'
import { within } from '../async/within.ts'
import type { DeathReason } from '../brokers/dead-letter-store.ts'
import type { Broker } from '../brokers/port.ts'
import type { CeleryError } from '../errors.ts'
import { bad, type Check, type Checks, checkOptions } from '../options/check.ts'
import { having } from '../options/kinds.ts'
import type { WorkerSurface } from './surface.ts'

/** What a worker counts. Called on the hot path: none may throw or wait. Durations in seconds. */
export interface WorkerMetrics {
  /** Before a worker starts; workers of one process may share their metrics. */
  bind(worker: WorkerSurface): void
  /** When it has stopped, or could not start. */
  unbind?(worker: WorkerSurface): void
  /** `wait` is from when this worker had the message until the task began. */
  started(task: string, wait: number): void
  /**
   * `state` is SUCCESS, FAILURE, RETRY, REPLACED, REVOKED, REJECTED, IGNORED, LOST (with its thread, or as the worker
   * stops) or CRASHED (a mistake in the worker, or something that it could not keep). `runtime` is undefined when it
   * never began, such as when it was revoked or had expired.
   */
  finished(task: string, state: string, runtime: number | undefined): void
  retried(task: string): void
  dead(task: string | undefined, reason: DeathReason): void
}

export const noMetrics: WorkerMetrics = {
  bind() {},
  started() {},
  finished() {},
  retried() {},
  dead() {},
}

/** Options of `prometheusMetrics`. */
export interface PrometheusOptions {
  /** Where the metrics are registered: prom-client's own registry when absent. */
  registry?: Registry
  /** `celery_worker_` when absent. */
  prefix?: string
}

const prefix: Check = {
  expected: 'letters, digits, _ and :, not beginning with a digit',
  fits: (value) => typeof value === 'string' && /^(?!\d)[\w:]*$/.test(value),
}

const checks: Checks<PrometheusOptions> = {
  registry: having('a registry of prom-client', 'registerMetric', 'getSingleMetric', 'metrics'),
  prefix,
}

const buckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1_800]
/** Seconds that a scrape waits for a queue's depth. */
const depthWithin = 2

interface Observer {
  observe(value: number): void
}

interface Incrementer {
  inc(): void
}

/**
 * The metrics in Prometheus's form. Labels are bounded: tasks that the app does not know count as `unknown`.
 * @throws CeleryError `BAD_OPTION`, also when the registry has such metrics already
 */
export async function prometheusMetrics(options: PrometheusOptions = {}): Promise<WorkerMetrics> {
  checkOptions(options, checks, 'prometheusMetrics')
  const client = await import('prom-client')
  return new PrometheusMetrics(client, options)
}

type Client = typeof import('prom-client')

/** What one task's numbers go to: a look-up by labels hashes them, so it is done once. */
interface OfTask {
  wait: Observer
  run: Observer
  ended: Map<string, Incrementer>
}

class PrometheusMetrics implements WorkerMetrics {
  readonly #client: Client
  readonly #registers: Registry[]
  readonly #prefix: string
  readonly #wait: Histogram<'task'>
  readonly #run: Histogram<'task'>
  readonly #ended: Counter<'task' | 'state'>
  readonly #retries: Counter<'task'>
  readonly #failures: Counter<'task'>
  readonly #deaths: Counter<'task' | 'reason'>
  readonly #ofTasks = new Map<string, OfTask>()
  readonly #workers = new Set<WorkerSurface>()

  constructor(client: Client, { registry = client.register, prefix = 'celery_worker_' }: PrometheusOptions) {
    this.#client = client
    this.#registers = [registry]
    this.#prefix = prefix
    if (registry.getSingleMetric(`${prefix}tasks_total`)) throw taken(prefix)
    const { Counter, Histogram } = client
    const byTask = { labelNames: ['task'] as const, buckets }
    const wait = this.#named('task_wait_seconds', 'Seconds from when the worker had a task until it began')
    this.#wait = new Histogram({ ...wait, ...byTask })
    this.#run = new Histogram({ ...this.#named('task_run_seconds', 'Seconds that tasks ran'), ...byTask })
    const ended = this.#named('tasks_total', 'Tasks that ended, by state')
    this.#ended = new Counter({ ...ended, labelNames: ['task', 'state'] })
    this.#retries = new Counter({ ...this.#named('task_retries_total', 'Retries'), labelNames: ['task'] })
    const failures = this.#named('task_failures_total', 'Failures for good')
    this.#failures = new Counter({ ...failures, labelNames: ['task'] })
    const deaths = this.#named('dead_letters_total', 'Tasks that became dead letters')
    this.#deaths = new Counter({ ...deaths, labelNames: ['task', 'reason'] })
    this.#gauge('active', 'Tasks that run', (worker) => worker.active().length)
    this.#gauge('reserved', 'Tasks that wait in this worker', (worker) => worker.reserved().length)
    this.#gaugeDepths()
  }

  bind(worker: WorkerSurface): void {
    this.#workers.add(worker)
  }

  unbind(worker: WorkerSurface): void {
    this.#workers.delete(worker)
  }

  started(task: string, wait: number): void {
    this.#ofTask(task).wait.observe(wait)
  }

  finished(task: string, state: string, runtime: number | undefined): void {
    const { run, ended } = this.#ofTask(task)
    if (runtime !== undefined) run.observe(runtime)
    const counter = ended.get(state) ?? this.#ended.labels(this.#label(task), state)
    ended.set(state, counter)
    counter.inc()
    if (state === 'FAILURE') this.#failures.inc({ task: this.#label(task) })
  }

  retried(task: string): void {
    this.#retries.inc({ task: this.#label(task) })
  }

  dead(task: string | undefined, reason: DeathReason): void {
    this.#deaths.inc({ task: this.#label(task), reason })
  }

  #label(task: string | undefined): string {
    if (task === undefined) return 'unknown'
    for (const { app } of this.#workers) if (app.tasks.has(task)) return task
    return 'unknown'
  }

  #ofTask(given: string): OfTask {
    const task = this.#label(given)
    const known = this.#ofTasks.get(task)
    if (known) return known
    const made = { wait: this.#wait.labels(task), run: this.#run.labels(task), ended: new Map() }
    this.#ofTasks.set(task, made)
    return made
  }

  #gauge(name: string, help: string, count: (worker: WorkerSurface) => number): void {
    const workers = this.#workers
    new this.#client.Gauge({
      ...this.#named(name, help),
      collect() {
        this.set(workers.values().reduce((sum, worker) => sum + count(worker), 0))
      },
    })
  }

  #gaugeDepths(): void {
    const workers = this.#workers
    new this.#client.Gauge({
      ...this.#named('queue_depth', 'Messages that wait in a queue of this worker'),
      labelNames: ['queue'],
      async collect() {
        const depths = await Promise.all([...workers].map(depthsOf))
        this.reset()
        for (const [queue, depth] of depths.flat()) this.set({ queue }, depth)
      },
    })
  }

  #named(name: string, help: string) {
    return { name: `${this.#prefix}${name}`, help, registers: this.#registers }
  }
}

function taken(prefix: string): CeleryError {
  const remedy = 'give the workers of one process the same metrics, or these another prefix or registry'
  return bad('registry', `has metrics that begin with ${prefix} already: ${remedy}`, 'prometheusMetrics')
}

/** Of the queues whose depth the broker told in time. */
async function depthsOf(worker: WorkerSurface): Promise<[queue: string, messages: number][]> {
  const asked = worker.queues().map(async ({ name }): Promise<[string, number] | undefined> => {
    const messages = await depthWithinDeadline(worker.broker, name)
    return messages === undefined ? undefined : [name, messages]
  })
  return (await Promise.all(asked)).filter((depth) => depth !== undefined)
}

async function depthWithinDeadline(broker: Broker, queue: string): Promise<number | undefined> {
  const depth = await within(depthWithin, broker.depth(queue)).catch(() => undefined)
  return depth?.messages
}
