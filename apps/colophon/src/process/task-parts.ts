import { prometheusMetrics } from '@colophon/celery'
import type { Part, Registry } from '@colophon/runtime'
import type { Shop } from '../shop.ts'
import { beatPart, ordersRelay, workerPart } from '../tasks/parts.ts'
import { inBackground, patiently, type Startable } from '../tasks/patiently.ts'
import type { Composing } from './composing.ts'

/**
 * What is done behind an answer. Where there is an API its start waits for none of it, so that orders are accepted
 * while the broker is away: they are in the outbox.
 */
export async function taskParts(
  { config, logger, store, roles, fail }: Composing,
  { tasks }: Pick<Shop, 'tasks'>,
  metrics: Registry,
): Promise<Part[]> {
  const parts: Startable[] = []
  if (roles.includes('worker')) {
    const options = {
      concurrency: config.taskConcurrency,
      // Whoever asks is on a broker of their own; at the shop's database a start would wait for answers of nobody.
      control: config.brokerUrl !== undefined,
      metrics: await prometheusMetrics({ registry: metrics }),
    }
    parts.push(patiently(workerPart(tasks, options), logger))
  }
  if (roles.includes('relay')) parts.push(ordersRelay(tasks, store.database, logger))
  if (roles.includes('beat')) parts.push(patiently(beatPart(tasks, store.url, logger), logger))
  return roles.includes('api') ? parts.map((part) => inBackground(part, fail)) : parts
}
