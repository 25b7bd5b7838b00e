export { default as sql, empty, join, raw, Sql } from 'sql-template-tag'
export { type Database, type DatabaseOptions, openDatabase } from './database.ts'
export { maxConnections as embeddedMaxConnections } from './embedded/server.ts'
export { attachEmbedded, type EmbeddedOptions, type EmbeddedPostgres } from './embedded.ts'
export { DatabaseError, isConflict, isTimeout, isUnavailable, isUniqueViolation, sqlState } from './errors.ts'
export type { Listening } from './listen.ts'
export { lockKeys } from './lock-keys.ts'
export type { Log } from './log.ts'
export { type Migrated, type MigrateOptions, migrate } from './migrate.ts'
export type { Outbox, OutboxMessage, OutboxPlace, OutboxRow } from './outbox/message.ts'
export { createOutbox, type OutboxOptions } from './outbox/outbox.ts'
export {
  dropParked,
  type ParkedMessage,
  parkedMessages,
  replayAllParked,
  replayParked,
} from './outbox/parked.ts'
export { createRelay, type Relay, type RelayLog, type RelayOptions } from './outbox/relay.ts'
export { type OutboxStats, outboxStats } from './outbox/stats.ts'
export { outboxTable } from './outbox/table.ts'
export type { Queryable, QueryOptions } from './queryable.ts'
export { signOfLife } from './sign-of-life.ts'
export { type SocketTarget, type Target, withLibpqModes } from './target.ts'
export type { Transaction, TransactionOptions } from './transaction.ts'
