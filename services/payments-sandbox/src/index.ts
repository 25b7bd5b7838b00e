import { randomUUIDv7 } from 'node:crypto'
import type { HttpServer } from '@colophon/http'
import type { Database } from '@colophon/postgres'
import { type Logger, type Part, Registry } from '@colophon/runtime'
import { createBackground } from './background.ts'
import type { SandboxDeps, WebhookTarget } from './deps.ts'
import { createSandboxServer } from './server.ts'

export { paymentsSandboxSettings } from './config.ts'

export interface PaymentsSandboxOptions {
  database: Database
  logger: Logger
  version: string
  /** 127.0.0.1 when absent. */
  host?: string
  /** Any free one when absent: see `address`. */
  port?: number
  /** The server's metrics; a registry of its own when absent. */
  metrics?: Registry
  /** The bearer key that callers must have; anybody may call when it is absent. */
  key?: string | undefined
  /** Where webhooks go, and what they are signed with; nobody is told when it is absent. */
  webhook?: (Pick<WebhookTarget, 'url' | 'secret'> & Partial<WebhookTarget>) | undefined
  /** How long `tok_late` and `tok_webhook_only` take, in milliseconds; 3,000. */
  lateMs?: number
  /** After how long a connection is closed that is never to be answered on, in milliseconds; 30,000. */
  hangMs?: number
  now?: () => Date
  newId?: () => string
}

/** A payment provider to try the shop with, which misbehaves on demand. All its state is in PostgreSQL. */
export interface PaymentsSandbox extends Part {
  /** For its routes and documents, which are not the shop's. */
  server: HttpServer
  start(): Promise<void>
  /** Where it listens, such as `http://127.0.0.1:8082`. */
  address(): string
  /** When every pending charge is decided, and every webhook taken or given up. */
  settle(): Promise<void>
  stop(): Promise<void>
}

/** To be applied, by `migrate` of @colophon/postgres, before a sandbox is started. */
export const paymentsSandboxMigrations = {
  schema: 'payments_sandbox',
  folder: new URL('./migrations/', import.meta.url),
}

export async function createPaymentsSandbox(options: PaymentsSandboxOptions): Promise<PaymentsSandbox> {
  const stopping = new AbortController()
  const background = createBackground(() => deps)
  const deps = depsOf(options, background.wake, stopping.signal)
  const { host = '127.0.0.1', port = 0, version, key, metrics = new Registry() } = options
  const server = await createSandboxServer(deps, { host, port, version, key, metrics })
  return {
    name: 'payments-sandbox',
    server,
    async start() {
      await server.start()
      background.start()
    },
    address: server.address,
    settle: background.settle,
    async stop() {
      stopping.abort()
      await server.stop()
      await background.stop()
    },
  }
}

function depsOf(options: PaymentsSandboxOptions, wake: () => void, stopping: AbortSignal): SandboxDeps {
  const { database, logger, key, webhook, lateMs = 3_000, hangMs = 30_000 } = options
  return {
    database,
    logger,
    webhook: webhook === undefined ? null : { timeoutMs: 5_000, retryMs: 1_000, attempts: 10, ...webhook },
    lateMs,
    hangMs,
    access: key === undefined ? 'public' : 'signed-in',
    now: options.now ?? (() => new Date()),
    newId: options.newId ?? randomUUIDv7,
    wake,
    stopping,
  }
}
