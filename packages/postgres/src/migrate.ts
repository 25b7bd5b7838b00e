import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import sql, { raw } from 'sql-template-tag'
import type { Database } from './database.ts'
import { sqlState } from './errors.ts'
import { lockKeys } from './lock-keys.ts'
import type { Log } from './log.ts'
import { type Migration, readMigrations, statementsOf } from './migration-files.ts'
import {
  readStanding,
  recordApplied,
  recordBegun,
  recordFinished,
  type Standing,
} from './migration-history.ts'
import type { Queryable } from './queryable.ts'
import type { Transaction } from './transaction.ts'

export interface MigrateOptions {
  /** The PostgreSQL schema that the migrations make and own. */
  schema: string
  /** The folder of the migrations: files named `NNNN-name.sql`, applied in that order. */
  folder: URL | string
  /**
   * Gives up waiting for its turn, and before the next file. A file that is being applied is finished, as
   * PostgreSQL would go on with its statement after we had gone.
   */
  signal?: AbortSignal
  log?: Log
}

export interface Migrated {
  /** The files this call applied, in order. */
  applied: string[]
  /** How many of the folder's had been applied before, by earlier calls or by another process meanwhile. */
  already: number
}

/** PostgreSQL's least major version: the oldest that this is tested on. */
const leastVersion = 15
/** How long to wait while another process migrates the same schema, in milliseconds. */
const turnTimeout = 10 * 60_000
/** Milliseconds between looks whether it is our turn. */
const turnPause = 100
/**
 * How long a statement of a migration waits for a lock, in milliseconds: while it waits, everybody else's
 * statements queue behind it.
 */
const lockTimeout = 10_000

/**
 * Brings a schema up to date. Each file runs in a transaction of its own together with its row in
 * `<schema>.migrations`, so that one that fails leaves nothing. The SQL names its schema (`catalog.books`):
 * the search path is not changed. Any number of processes may call this at once; each file is applied once.
 *
 * What PostgreSQL refuses in a transaction, such as `CREATE INDEX CONCURRENTLY`, goes into a file of its own whose
 * first line is `-- migrate: no transaction`. Its statements, each ended by a semicolon at the end of a line, are
 * committed one by one. While it has been begun and not finished, because a statement failed or the process ended, it
 * has a row in `<schema>.migrations_begun`; the next call runs it again from its first statement. So every
 * statement must be one that may be repeated: an index that failed half way is left behind, invalid, and
 * `IF NOT EXISTS` would keep it.
 *
 *     -- migrate: no transaction
 *     DROP INDEX CONCURRENTLY IF EXISTS shop.books_by_title;
 *     CREATE INDEX CONCURRENTLY books_by_title ON shop.books (title);
 *
 * A database may be ahead of the folder: a newer version has migrated it, and this older one goes on beside it
 * or in its place, with a warning that names the files it does not know.
 *
 * @throws Error with one line that names the file, and the line in it, and says what to do; one that names the
 * server's version when that is before 15; the reason of the signal when that has come.
 */
export async function migrate(database: Database, options: MigrateOptions): Promise<Migrated> {
  const { schema, signal, log } = options
  const files = await readMigrations(options.folder)
  const work: Work = { schema, files, signal, log }
  const applied: string[] = []
  await checkVersion(database)
  for (;;) {
    signal?.throwIfAborted()
    // Taking turns file by file, under a lock that ends with the transaction, needs no session to be kept.
    const { next, later } = await inTurn(work, () =>
      database.transaction((tx) => applyNext(tx, work), { statementTimeout: 0 }),
    )
    if (later.length > 0) log?.warn({ schema, later }, 'a newer version has migrated the database: going on')
    if (next === undefined) return { applied, already: files.length - applied.length }
    const isDone =
      next.inTransaction || (await database.session((session) => applyAlone(session, work, next)))
    if (!isDone) continue
    applied.push(next.name)
    log?.info({ schema, file: next.name }, 'migration applied')
  }
}

async function checkVersion(database: Database): Promise<void> {
  const { number, version } = await database.one<{ number: number; version: string }>(sql`
    SELECT current_setting('server_version_num')::int AS number, current_setting('server_version') AS version`)
  if (number >= leastVersion * 10_000) return
  throw new Error(
    `this needs PostgreSQL ${leastVersion} or later, and the server is ${version.split(' ')[0]}`,
  )
}

interface Work {
  schema: string
  files: Migration[]
  signal: AbortSignal | undefined
  log: Log | undefined
}

/** Applies the first file that has not been, unless it cannot run in a transaction. Undefined when it is not our turn. */
async function applyNext(tx: Transaction, { schema, files }: Work): Promise<Standing | undefined> {
  const [kind, name] = lockKeys('migrations', schema)
  const { ours } = await tx.one<Turn>(sql`SELECT pg_try_advisory_xact_lock(${kind}, ${name}) AS ours`)
  if (!ours) return undefined
  await tx.query(raw(`SET LOCAL lock_timeout = ${lockTimeout}`))
  const standing = await readStanding(tx, schema, files)
  if (standing.next?.inTransaction) {
    await run(tx, schema, standing.next, standing.next.text)
    await recordApplied(tx, schema, standing.next)
  }
  return standing
}

/**
 * Applies a file outside a transaction, if nobody has meanwhile. The lock is the session's and no transaction is open,
 * since a concurrent build waits for the end of every transaction that is older. It waits without a limit: while it
 * does, nobody waits for it.
 * @returns whether it was applied here
 */
async function applyAlone(session: Queryable, work: Work, migration: Migration): Promise<boolean> {
  const { schema, files, log } = work
  const [kind, name] = lockKeys('migrations', schema)
  await inTurn(work, async () => {
    const { ours } = await session.one<Turn>(sql`SELECT pg_try_advisory_lock(${kind}, ${name}) AS ours`)
    return ours || undefined
  })
  const { next } = await readStanding(session, schema, files)
  if (next?.name !== migration.name) return false
  const since = await recordBegun(session, schema, migration)
  if (since !== undefined) {
    log?.warn(
      { schema, file: migration.name, since },
      'a migration was begun and not finished: running it again',
    )
  }
  for (const statement of statementsOf(migration.text)) await run(session, schema, migration, statement)
  await recordFinished(session, schema, migration)
  return true
}

interface Turn {
  ours: boolean
}

/**
 * Tries again and again until it is our turn, rather than once and waiting in PostgreSQL: so it can be given up at any
 * time, and no transaction is open meanwhile, which a concurrent build of whoever has the turn would wait for.
 * @param attempt undefined when it is not our turn
 */
async function inTurn<T>({ schema, signal }: Work, attempt: () => Promise<T | undefined>): Promise<T> {
  for (const end = Date.now() + turnTimeout; ; await delay(turnPause)) {
    signal?.throwIfAborted()
    const result = await attempt()
    if (result !== undefined) return result
    if (Date.now() < end) continue
    const minutes = turnTimeout / 60_000
    throw new Error(
      `${schema}: another process has been migrating for over ${minutes} minutes: see what it waits for in pg_stat_activity`,
    )
  }
}

/** Runs the text of a migration, or one of its statements with empty lines in front. */
async function run(database: Queryable, schema: string, migration: Migration, text: string): Promise<void> {
  const { name, inTransaction } = migration
  try {
    await database.query(raw(text))
  } catch (error) {
    const line = lineOfError(text, error)
    const place = `${schema}: ${name}${line === undefined ? '' : `, line ${line}`}`
    const hint = isLockTimeout(error) ? ' (something long holds the table: let it end and start again)' : ''
    const rest = inTransaction
      ? ''
      : ' (what came before it is done: the next start runs the whole file again)'
    const message = error instanceof Error ? error.message : error
    throw new Error(`${place}: ${message}${hint}${rest}`, { cause: error })
  }
}

// PostgreSQL counts characters (not UTF-16 units) from 1.
function lineOfError(text: string, error: unknown): number | undefined {
  if (!(error instanceof pg.DatabaseError) || error.position === undefined) return undefined
  const before = Array.from(text).slice(0, Number(error.position) - 1)
  return before.filter((character) => character === '\n').length + 1
}

function isLockTimeout(error: unknown): boolean {
  return sqlState(error) === '55P03'
}
