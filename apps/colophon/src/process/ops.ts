import { createOpsServer, type Readiness } from '@colophon/http'
import { type Database, sql } from '@colophon/postgres'
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
    readiness: () => readinessOf(store.database, isReady()),
    logger,
    version,
  })
  return {
    parts: [{ name: 'ops', start: () => ops.start(), stop: () => ops.stop() }],
    places: () => ({ ops: `${ops.address()}/metrics` }),
  }
}

async function readinessOf(database: Database, ready: boolean): Promise<Readiness> {
  const postgres = await database.query(sql`select 1`).then(
    () => 'up' as const,
    () => 'down' as const,
  )
  return { ready, stores: { postgres } }
}
