import type { Database, Relay } from '@colophon/postgres'
import { createMetrics, Gauge, type Registry } from '@colophon/runtime'

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

/** What is in the outbox that the relay empties. */
export function watchRelay(registry: Registry, relay: Pick<Relay, 'stats'>): void {
  new Gauge({
    name: 'outbox_messages',
    help: 'Messages of the outbox: pending, behind another one of their key, parked; 100,000 at most',
    labelNames: ['state'],
    registers: [registry],
    async collect() {
      this.reset()
      const stats = await unlessAway(relay.stats())
      if (stats === undefined) return
      for (const state of ['pending', 'behind', 'parked'] as const) this.set({ state }, stats[state])
    },
  })
  new Gauge({
    name: 'outbox_lag_seconds',
    help: 'Age of the oldest message that is to be published',
    registers: [registry],
    async collect() {
      this.remove()
      const stats = await unlessAway(relay.stats())
      if (stats !== undefined) this.set(stats.oldestSeconds)
    },
  })
}

/** @param countOverdue how many orders stand still, and should not */
export function watchOrders(registry: Registry, countOverdue: () => Promise<number>): void {
  new Gauge({
    name: 'orders_overdue',
    help: 'Orders whose next step is late by more than a minute; 100,000 at most',
    registers: [registry],
    async collect() {
      this.remove()
      const count = await unlessAway(countOverdue())
      if (count !== undefined) this.set(count)
    },
  })
}

/** While PostgreSQL is away the other metrics are told all the same. */
function unlessAway<T>(asked: Promise<T>): Promise<T | undefined> {
  return asked.catch(() => undefined)
}
