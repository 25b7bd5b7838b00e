import { Counter, Gauge, Histogram, type Registry } from '@colophon/runtime'
import type { RefusalCounts } from '../admission/admission.ts'
import type { Load } from '../limits/load.ts'

/** What a server tells of its requests. */
export interface HttpMetrics extends RefusalCounts {
  /** @param route the template, never the URL, whose values have no bound */
  answered(method: string, route: string, status: number, seconds: number): void
}

export function createHttpMetrics(registry: Registry, load: Load): HttpMetrics {
  const registers = [registry]
  const duration = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Time to answer a request, by method, route template and status (499: cut off)',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers,
  })
  const shed = new Counter({
    name: 'http_requests_shed_total',
    help: 'Requests answered 503 because the server was overloaded, by reason',
    labelNames: ['reason'],
    registers,
  })
  const limited = new Counter({
    name: 'http_requests_rate_limited_total',
    help: 'Requests answered 429, by whose limit it was',
    labelNames: ['scope'],
    registers,
  })
  new Gauge({
    name: 'http_requests_in_flight',
    help: 'Requests that are worked on or being answered',
    registers,
    collect() {
      this.set(load.inFlight)
    },
  })
  return {
    answered: (method, route, status, seconds) => duration.observe({ method, route, status }, seconds),
    shed: (reason) => shed.inc({ reason }),
    rateLimited: (scope) => limited.inc({ scope }),
  }
}
