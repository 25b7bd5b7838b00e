import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

export { Counter, Gauge, Histogram, Registry }

/**
 * A registry of Prometheus metrics with the process's own (CPU, memory, event-loop lag, GC) in it.
 * @param labels put on every metric, such as the service's name
 */
export function createMetrics(labels: Record<string, string> = {}): Registry {
  const registry = new Registry()
  registry.setDefaultLabels(labels)
  collectDefaultMetrics({ register: registry })
  return registry
}
