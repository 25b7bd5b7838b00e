import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import sql, { raw } from 'sql-template-tag'
import type { Database } from './database.ts'
import { sqlState } from './errors.ts'
import { lockKeys } from './lock-keys.ts'
import type { Log } from './log.ts'
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

interface Migration {
  name: string
  text: string
  checksum: string
}

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
 * A database may be ahead of the folder: a newer version has migrated it, and this older one goes on beside it
 * or in its place, with a warning that names the files it does not know.
 *
 * @throws Error with one line that names the file, and the line in it, and says what to do; the reason of
 * the signal when that has come.
 */
export async function migrate(
  database: Database,
  { schema, folder, signal, log }: MigrateOptions,
): Promise<Migrated> {
  const files = await readMigrations(folder)
  const applied: string[] = []
  for (;;) {
    signal?.throwIfAborted()
    // Taking turns file by file, under a lock that ends with the transaction, needs no session to be kept.
    const { file, later } = await database.transaction((tx) => applyNext(tx, schema, files, signal), {
      statementTimeout: 0,
    })
    if (later.length > 0) log?.warn({ schema, later }, 'a newer version has migrated the database: going on')
    if (file === undefined) return { applied, already: files.length - applied.length }
    applied.push(file)
    log?.info({ schema, file }, 'migration applied')
  }
}

async function readMigrations(folder: URL | string): Promise<Migration[]> {
  const path = typeof folder === 'string' ? folder : fileURLToPath(folder)
  const names = (await readdir(path)).filter((name) => name.endsWith('.sql')).sort()
  return Promise.all(
    names.map(async (name) => {
      if (!/^\d{4}-[a-z0-9-]+\.sql$/.test(name)) {
        throw new Error(`${join(path, name)}: a migration is named like 0001-books.sql`)
      }
      // A checkout may have changed the line ends.
      const text = (await readFile(join(path, name), 'utf8')).replaceAll('\r\n', '\n')
      return { name, text, checksum: createHash('sha256').update(text).digest('hex') }
    }),
  )
}

interface Step {
  /** The file that was applied; undefined when all had been. */
  file: string | undefined
  /** What a newer version has applied beyond the files. */
  later: string[]
}

/** Applies the first file that has not been. */
async function applyNext(
  tx: Transaction,
  schema: string,
  files: Migration[],
  signal?: AbortSignal,
): Promise<Step> {
  await waitForTurn(tx, schema, signal)
  await tx.query(raw(`SET LOCAL lock_timeout = ${lockTimeout}`))
  const table = raw(`${pg.escapeIdentifier(schema)}.migrations`)
  await createTable(tx, schema)
  const applied = await tx.query<AppliedMigration>(
    sql`SELECT name, checksum FROM ${table} ORDER BY name COLLATE "C"`,
  )
  const later = checkHistory(schema, files, applied)
  const next = files[applied.length]
  if (next === undefined) return { file: undefined, later }
  await run(tx, schema, next)
  await tx.query(sql`INSERT INTO ${table} (name, checksum) VALUES (${next.name}, ${next.checksum})`)
  return { file: next.name, later }
}

/** Asks again and again, rather than once and waiting in PostgreSQL, so that it can be given up at any time. */
async function waitForTurn(tx: Transaction, schema: string, signal?: AbortSignal): Promise<void> {
  const [kind, name] = lockKeys('migrations', schema)
  for (const end = Date.now() + turnTimeout; ; await delay(turnPause)) {
    signal?.throwIfAborted()
    const { ours } = await tx.one<{ ours: boolean }>(
      sql`SELECT pg_try_advisory_xact_lock(${kind}, ${name}) AS ours`,
    )
    if (ours) return
    if (Date.now() < end) continue
    const minutes = turnTimeout / 60_000
    throw new Error(
      `${schema}: another process has been migrating for over ${minutes} minutes: see what it waits for in pg_stat_activity`,
    )
  }
}

// Looks first: CREATE SCHEMA IF NOT EXISTS demands the right to create one even when it is there.
async function createTable(tx: Transaction, schema: string): Promise<void> {
  const name = pg.escapeIdentifier(schema)
  const found = await tx.one<{ schema: boolean; table: boolean }>(sql`
    SELECT to_regnamespace(${name}) IS NOT NULL AS schema, to_regclass(${`${name}.migrations`}) IS NOT NULL AS table`)
  if (!found.schema) await tx.query(raw(`CREATE SCHEMA ${name}`))
  if (found.table) return
  await tx.query(
    raw(`CREATE TABLE ${name}.migrations (
      name text PRIMARY KEY,
      checksum text NOT NULL,
      applied_at timestamptz NOT NULL DEFAULT now()
    )`),
  )
}

interface AppliedMigration {
  name: string
  checksum: string
}

/**
 * One of files and applied migrations must be the beginning of the other, unchanged. Returns the names of the
 * migrations that come after the last file.
 */
function checkHistory(schema: string, files: Migration[], applied: AppliedMigration[]): string[] {
  const byName = new Map(files.map((file) => [file.name, file]))
  const last = files.at(-1)?.name ?? ''
  const later: string[] = []
  for (const { name, checksum } of applied) {
    const file = byName.get(name)
    if (!file) {
      if (name > last) {
        later.push(name)
        continue
      }
      throw new Error(
        `${schema}: the database has migration ${name}, which this version does not: run the version that made it, or a newer one`,
      )
    }
    if (file.checksum !== checksum) {
      throw new Error(
        `${schema}: ${name} was changed after it was applied: put it back as it was and make the change in a new migration`,
      )
    }
  }
  const late = files.find((file, index) => index < applied.length && file.name !== applied[index]?.name)
  if (late) {
    throw new Error(
      `${schema}: ${late.name} comes before ${applied.at(-1)?.name}, which has been applied: give it a higher number`,
    )
  }
  return later
}

async function run(tx: Transaction, schema: string, { name, text }: Migration): Promise<void> {
  try {
    await tx.query(raw(text))
  } catch (error) {
    const line = lineOfError(text, error)
    const place = `${schema}: ${name}${line === undefined ? '' : `, line ${line}`}`
    const hint = isLockTimeout(error) ? ' (something long holds the table: let it end and start again)' : ''
    throw new Error(`${place}: ${error instanceof Error ? error.message : error}${hint}`, { cause: error })
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
