import { type Command, Option } from 'commander'
import { longestTimer } from '../../async/timer.ts'
import type { Celery } from '../../create-celery.ts'
import { createWorker, type WorkerOptions } from '../../create-worker.ts'
import { prometheusMetrics } from '../../worker/metrics.ts'
import type { Worker } from '../../worker/worker.ts'
import { type Io, UsageError } from '../io.ts'
import { serveMetrics } from '../metrics-server.ts'
import { names } from '../names.ts'
import { seconds, wholeNumber } from '../numbers.ts'
import { isClosed, startPatiently } from '../start-patiently.ts'
import { stopOnSignals } from '../stop-on-signals.ts'
import { stopOnStrays } from '../stop-on-strays.ts'
import { withApp } from './context.ts'

interface Options {
  concurrency?: number
  threads?: number
  queues?: string[]
  hostname?: string
  prefetchMultiplier?: number
  taskEvents?: boolean
  softShutdown?: number
  maxDeliveries?: number
  metrics?: number
}

export function addWorker(program: Command, io: Io): void {
  program
    .command('worker')
    .description('run the tasks of --app; SIGTERM finishes what runs, a second one or SIGQUIT cuts it off')
    .option(
      '-c, --concurrency <number>',
      'tasks at once on the event loop (16 a core)',
      wholeNumber(1, 100_000),
    )
    .option('--threads <number>', 'tasks at once on threads (the number of cores)', wholeNumber(1, 1_000))
    .option('-Q, --queues <names>', 'the queues to serve, with commas between', names)
    .option('-n, --hostname <name>', "the worker's name: %h is the host (celery@%h)")
    .option(
      '--prefetch-multiplier <number>',
      'messages taken ahead of each queue, for each task at once (4)',
      wholeNumber(0, 10_000),
    )
    .option('-E, --task-events', 'send the events of tasks from the start')
    .option('--max-deliveries <number>', 'how often a task may lose its worker (5)', wholeNumber(1, 1_000))
    .option('--soft-shutdown <seconds>', 'how long a cold stop lets tasks go on (0)', seconds)
    .addOption(
      new Option('--metrics <port>', 'serve Prometheus metrics there, at /metrics').argParser(
        wholeNumber(0, 65_535),
      ),
    )
    .action((options: Options, command: Command) => runWorker(options, command, io))
}

async function runWorker(options: Options, command: Command, io: Io): Promise<void> {
  await withApp(command, io, async (app, { module }) => {
    if (module === undefined) throw new UsageError('a worker runs tasks: give --app FILE')
    const { metrics: port, softShutdown: softShutdownTimeout, ...given } = options
    const { log } = app.options
    const metrics = port === undefined ? undefined : await prometheusMetrics()
    const settings: WorkerOptions = { ...given, module }
    if (softShutdownTimeout !== undefined) settings.softShutdownTimeout = softShutdownTimeout
    if (metrics) settings.metrics = metrics
    const worker = createWorker(app, settings)
    const stopping = new AbortController()
    const endSignals = stopOnSignals(io, worker, stopping)
    const strays = stopOnStrays(io, worker, stopping)
    const server = port === undefined ? undefined : await serveMetrics(port, log)
    // Of `memory:` nothing else keeps the process.
    const alive = setInterval(() => {}, longestTimer)
    try {
      await startPatiently(() => startWorker(app, worker), { log, stopping: stopping.signal })
      await worker.done
      strays.check()
    } finally {
      endSignals()
      strays.end()
      clearInterval(alive)
      await server?.close()
    }
  })
}

async function startWorker(app: Celery, worker: Worker): Promise<void> {
  try {
    await worker.start()
  } catch (error) {
    // Told to stop while it starts, it has done as it was told.
    if (!isClosed(error)) throw error
    await worker.stop()
    return
  }
  if (worker.surface.broker.kind === 'memory')
    app.options.log.warn({}, 'memory: is within this process: no other can send tasks to this worker')
}
