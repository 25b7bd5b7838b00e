// What the worker of the benchmarks runs; python_tasks.py has the same.
import { createCelery } from '@colophon/celery'

const { BENCH_BROKER = 'memory:', BENCH_RESULTS, BENCH_QUEUE = 'celery' } = process.env

export const app = createCelery({
  broker: BENCH_BROKER,
  ...(BENCH_RESULTS === undefined ? {} : { results: BENCH_RESULTS }),
  defaultQueue: BENCH_QUEUE,
})

export const noop = app.task({ name: 'bench.noop', run: () => null })

export const noopLate = app.task({ name: 'bench.noop_late', ack: 'late', run: () => null })

/** Milliseconds since 1970, with a fraction, at which it started. */
export const startedAt = app.task({
  name: 'bench.started_at',
  run: () => performance.timeOrigin + performance.now(),
})

/** Bytes in use, of JavaScript's objects and of the process, when all that can be let go was. */
export const memory = app.task({
  name: 'bench.memory',
  run: () => {
    globalThis.gc?.()
    const { heapUsed, rss } = process.memoryUsage()
    return { heapUsed, rss }
  },
})
