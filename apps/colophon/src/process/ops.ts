import { createOpsServer } from '@colophon/http'
import { signOfLife } from '@colophon/postgres'
import type { Part, Registry } from '@colophon/runtime'
import { version } from '../version.ts'
import type { Composing } from './composing.ts'

/** What of a process can be reached from outside. */
export interface Door {
  parts: Part[]
  /** Where, by what it is, once the parts have started. */
  places(): Record<string, string>
  /** Where it is to be called. */
  url?(): string
}

/** `/metrics`, `/healthz` and `/readyz` of a process without an API, where OPS_PORT is set. */
export async function openOps(
  { config, logger, store }: Composing,
  metrics: Registry,
  isReady: () => boolean,
): Promise<Door> {
  if (config.opsPort === undefined) return { parts: [], places: () => ({}) }
  const ops = await createOpsServer({
    host: config.host,
    port: config.opsPort,
    metrics,
    readiness: async () => ({ ready: isReady(), stores: { postgres: await signOfLife(store.database) } }),
    logger,
    version,
  })
  return {
    parts: [{ name: 'ops', start: () => ops.start(), stop: () => ops.stop() }],
    places: () => ({ ops: `${ops.address()}/metrics` }),
  }
}
