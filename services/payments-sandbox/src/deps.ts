import type { Access } from '@colophon/http'
import type { Database } from '@colophon/postgres'
import type { Logger } from '@colophon/runtime'

/** What the sandbox's operations work with. */
export interface SandboxDeps {
  database: Database
  logger: Logger
  /** Null when nobody is told of what happens. */
  webhook: WebhookTarget | null
  /** How long a late answer takes, and an outcome that comes by webhook, in milliseconds. */
  lateMs: number
  /** After how long a connection is closed that is never to be answered on, in milliseconds. */
  hangMs: number
  /** Who may use the API: everybody, or who has the key. */
  access: Access
  now: () => Date
  newId: () => string
  /** Called after a commit that left work behind: webhooks to be sent, a charge to be decided. */
  wake: () => void
  /** Aborted when the sandbox stops. */
  stopping: AbortSignal
}

/** Where webhooks go. */
export interface WebhookTarget {
  /** A function where the address is known only once the shop listens. */
  url: string | (() => string)
  /** What they are signed with. */
  secret: string
  /** How long one delivery may take, in milliseconds. */
  timeoutMs: number
  /** How long to wait before the second attempt, in milliseconds; twice as long after each. */
  retryMs: number
  /** How often a delivery is tried. */
  attempts: number
}
