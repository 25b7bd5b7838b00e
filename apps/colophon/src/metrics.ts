import { type Database, isTimeout, isUnavailable, type OutboxStats } from '@colophon/postgres'
import {
  continueTrace,
  createMetrics,
  Gauge,
  type Logger,
  type Registry,
  withContext,
} from '@colophon/runtime'

/** Milliseconds that the database may take to answer, so that a scrape ends in time without it. */
const answerMs = 2_000

/** The metrics of a process, with those of its pool. */
export function createProcessMetrics(database: Database): Registry {
  const registry = createMetrics({ service: 'colophon' })
  new Gauge({
    name: 'postgres_pool_connections',
    help: 'Connections of the pool to PostgreSQL by state; waiting counts those who want one',
    labelNames: ['state'],
    registers: [registry],
    collect() {
      const { total, idle, waiting, max } = database.stats()
      this.set({ state: 'idle' }, idle)
      this.set({ state: 'busy' }, total - idle)
      this.set({ state: 'waiting' }, waiting)
      this.set({ state: 'max' }, max)
    },
  })
  return registry
}

/** How orders and their outbox stand, as the database has it. */
interface Standing {
  overdue(): Promise<number>
  overdueMails(): Promise<number>
  refusedRefunds(): Promise<number>
  outbox(): Promise<OutboxStats>
}

/** Told by every process, as the alarms are for there being no worker and no relay to tell of it. */
export function watchOrders(registry: Registry, standing: Standing, logger: Logger): void {
  const stats = asOne(() => unlessAway(standing.outbox, logger))
  new Gauge({
    name: 'outbox_messages',
    help: 'Messages of the outbox: pending, behind another one of their key, parked; 100,000 at most',
    labelNames: ['state'],
    registers: [registry],
    async collect() {
      this.reset()
      const counts = await stats()
      if (counts === undefined) return
      for (const state of ['pending', 'behind', 'parked'] as const) this.set({ state }, counts[state])
    },
  })
  new Gauge({
    name: 'outbox_lag_seconds',
    help: 'Age of the oldest message that is to be published',
    registers: [registry],
    async collect() {
      this.remove()
      const age = (await stats())?.oldestSeconds
      if (age !== undefined) this.set(age)
    },
  })
  const counted = (name: string, help: string, count: () => Promise<number>) =>
    new Gauge({
      name,
      help: `${help}; 100,000 at most`,
      registers: [registry],
      async collect() {
        this.remove()
        const found = await unlessAway(count, logger)
        if (found !== undefined) this.set(found)
      },
    })
  counted('orders_overdue', 'Orders whose next step is late by more than a minute', standing.overdue)
  counted('mails_overdue', 'Mails to buyers that wait for more than 15 minutes', standing.overdueMails)
  counted(
    'refunds_refused',
    'Refunds that the payment provider refused or that no order can book, and that are owed',
    standing.refusedRefunds,
  )
}

/** Asks once for all who want to know at the same time, as the gauges of a scrape do. */
function asOne<T>(ask: () => Promise<T>): () => Promise<T> {
  let asked: Promise<T> | undefined
  return () => {
    asked ??= ask().finally(() => {
      asked = undefined
    })
    return asked
  }
}

/** While PostgreSQL is away, or hangs, the other metrics are told all the same. */
async function unlessAway<T>(ask: () => Promise<T>, logger: Logger): Promise<T | undefined> {
  const traceparent = continueTrace(undefined)
  try {
    return await withContext({ requestId: 'metrics', traceparent, deadline: Date.now() + answerMs }, ask)
  } catch (error) {
    if (!isUnavailable(error) && !isTimeout(error)) logger.error({ err: error }, 'a metric cannot be told')
    return undefined
  }
}
