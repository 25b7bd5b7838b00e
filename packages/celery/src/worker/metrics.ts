import type { Registry } from 'prom-client'
import type { DeathReason } from '../brokers/dead-letter-store.ts'
import type { Broker } from '../brokers/port.ts'
import type { WorkerSurface } from './surface.ts'

/** What a worker counts. Called on the hot path: none may throw or wait. Durations in seconds. */
export interface WorkerMetrics {
  /** Once, before the worker starts. */
  bind(worker: WorkerSurface): void
  /** `wait` is from when this worker had the message until the task began. */
  started(task: string, wait: number): void
  /** `state` is SUCCESS, FAILURE, RETRY, REVOKED, REJECTED, IGNORED or LOST. */
  finished(task: string, state: string, runtime: number): void
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

export interface PrometheusOptions {
  /** Where the metrics are registered: prom-client's own registry when absent. */
  registry?: Registry
  /** `celery_worker_` when absent. */
  prefix?: string
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

/** The metrics in Prometheus's form. Labels are bounded: tasks that the app does not know count as `unknown`. */
export async function prometheusMetrics(options: PrometheusOptions = {}): Promise<WorkerMetrics> {
  const { Counter, Gauge, Histogram, register } = await import('prom-client')
  const registers = [options.registry ?? register]
  const prefix = options.prefix ?? 'celery_worker_'
  const named = (name: string, help: string) => ({ name: `${prefix}${name}`, help, registers })
  const wait = new Histogram({
    ...named('task_wait_seconds', 'Seconds from when the worker had a task until it began'),
    labelNames: ['task'],
    buckets,
  })
  const run = new Histogram({
    ...named('task_run_seconds', 'Seconds that tasks ran'),
    labelNames: ['task'],
    buckets,
  })
  const ended = new Counter({
    ...named('tasks_total', 'Tasks that ended, by state'),
    labelNames: ['task', 'state'],
  })
  const retries = new Counter({ ...named('task_retries_total', 'Retries'), labelNames: ['task'] })
  const failures = new Counter({ ...named('task_failures_total', 'Failures for good'), labelNames: ['task'] })
  const deaths = new Counter({
    ...named('dead_letters_total', 'Tasks that became dead letters'),
    labelNames: ['task', 'reason'],
  })
  let isKnown = (_task: string) => false
  const label = (task: string | undefined) => (task !== undefined && isKnown(task) ? task : 'unknown')
  // A look-up by labels hashes them: each task's own are looked up once.
  const ofTasks = new Map<string, { wait: Observer; run: Observer; ended: Map<string, Incrementer> }>()
  const ofTask = (given: string) => {
    const task = label(given)
    const known = ofTasks.get(task)
    if (known) return known
    const made = { wait: wait.labels(task), run: run.labels(task), ended: new Map<string, Incrementer>() }
    ofTasks.set(task, made)
    return made
  }
  const endedAs = (task: string, state: string) => {
    const { ended: states } = ofTask(task)
    const counter = states.get(state) ?? ended.labels(label(task), state)
    states.set(state, counter)
    return counter
  }
  return {
    bind(worker) {
      isKnown = (task) => worker.app.tasks.has(task)
      new Gauge({
        ...named('active', 'Tasks that run'),
        collect() {
          this.set(worker.active().length)
        },
      })
      new Gauge({
        ...named('reserved', 'Tasks that wait in this worker'),
        collect() {
          this.set(worker.reserved().length)
        },
      })
      new Gauge({
        ...named('queue_depth', 'Messages that wait in a queue of this worker'),
        labelNames: ['queue'],
        async collect() {
          const depths = await depthsOf(worker)
          this.reset()
          for (const [queue, depth] of depths) this.set({ queue }, depth)
        },
      })
    },
    started: (task, seconds) => ofTask(task).wait.observe(seconds),
    finished(task, state, seconds) {
      ofTask(task).run.observe(seconds)
      endedAs(task, state).inc()
      if (state === 'FAILURE') failures.inc({ task: label(task) })
    },
    retried: (task) => retries.inc({ task: label(task) }),
    dead: (task, reason) => deaths.inc({ task: label(task), reason }),
  }
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
  const { promise: tooLate, resolve } = Promise.withResolvers<undefined>()
  const timer = setTimeout(resolve, depthWithin * 1_000, undefined)
  const depth = broker.depth(queue).catch(() => undefined)
  const first = await Promise.race([depth, tooLate])
  clearTimeout(timer)
  return first?.messages
}
