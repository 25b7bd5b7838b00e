import type { Logger } from '@colophon/runtime'
import type { Io } from '../io.ts'
import type { Config } from '../settings.ts'
import type { Store } from '../store.ts'
import type { Role } from './roles.ts'

/** What a process is composed of and for. */
export interface Composing {
  config: Config
  io: Io
  logger: Logger
  store: Store
  roles: readonly Role[]
  /** Ends the process with this error: what it is for cannot be done. */
  fail(error: unknown): void
}
