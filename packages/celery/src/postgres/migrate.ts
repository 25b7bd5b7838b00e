import { createHash } from 'node:crypto'
import { longestTimer } from '../async/timer.ts'
import { CeleryError } from '../errors.ts'
import { type Checks, checkOptions, checkValue } from '../options/check.ts'
import { asError, describeError } from './errors.ts'
import { migrations } from './migrations.ts'
import {
  answerTimeoutMs,
  connectionFrom,
  poolCheck,
  queryOn,
  type SqlConnection,
  type SqlPool,
} from './pool.ts'
import { schemaName, schemaOf } from './schema.ts'

/** Options of `migratePostgres`. */
export interface MigrateOptions {
  /** `celery` when absent. */
  schema?: string
}

const checks: Checks<MigrateOptions> = { schema: schemaName }

/** Milliseconds that a migration waits for others' locks: all who come later wait behind it. */
const lockTimeout = 30_000

/**
 * Makes the schema and brings it to this program's version, one version after the other, each in a transaction of its
 * own and under an advisory lock, so that any number of processes may do so at once. One that is newer already is left
 * as it is.
 */
export async function migratePostgres(pool: SqlPool, options: MigrateOptions = {}): Promise<void> {
  checkValue(pool, poolCheck, 'pool', 'migratePostgres')
  checkOptions(options, checks, 'migratePostgres')
  await bringUpToDate(pool, schemaOf(options.schema).name)
}

export interface SchemaUse {
  schema: string
  /** Otherwise the schema must be up to date already. */
  migrate: boolean
  /** When it is aborted, nothing more is waited for. */
  closing: AbortSignal
}

/** Sees to it that the schema can be used. Rejects with what to do when it cannot, and with the reason of the abort. */
export async function prepareSchema(pool: SqlPool, { schema, migrate, closing }: SchemaUse): Promise<void> {
  await (migrate ? bringUpToDate(pool, schema, closing) : checkVersion(pool, schema))
}

async function bringUpToDate(pool: SqlPool, schema: string, closing?: AbortSignal): Promise<void> {
  if ((await versionOf(pool, schema)) >= migrations.length) return
  const connection = await connectionFrom(pool, answerTimeoutMs / 1_000)
  try {
    await unlessAborted(migrate(connection, schema), closing)
    connection.release()
  } catch (error) {
    connection.release(asError(error))
    closing?.throwIfAborted()
    const message = `The schema ${schema} could not be made or brought up to date: ${describeError(error)}`
    throw new CeleryError('BAD_OPTION', message, { cause: error })
  }
}

/** Rejects with what to do when the schema is not there or is too old for this program. */
async function checkVersion(pool: SqlPool, schema: string): Promise<void> {
  const version = await versionOf(pool, schema)
  if (version >= migrations.length) return
  const is =
    version === 0 ? 'is not there' : `is of version ${version}, and this program needs ${migrations.length}`
  const what = 'call migratePostgres(pool) as a user who may create it, or leave out `migrate: false`'
  throw new CeleryError('BAD_OPTION', `The schema ${schema} ${is}: ${what}.`)
}

async function versionOf(pool: SqlPool, schema: string): Promise<number> {
  const query = (text: string) => queryOn(pool, { text }, answerTimeoutMs)
  const { rows } = await query(`SELECT to_regclass('${schema}.schema_version') IS NOT NULL AS there`)
  if (!(rows[0] as { there: boolean }).there) return 0
  const { rows: versions } = await query(
    `SELECT coalesce(max(version), 0) AS version FROM ${schema}.schema_version`,
  )
  return (versions[0] as { version: number }).version
}

/** A version at a time: who uses a table that one has locked does not wait for what the next waits for. */
async function migrate(connection: SqlConnection, schema: string): Promise<void> {
  while (!(await migrateByOne(connection, schema)));
}

/** Whether the schema is up to date. */
async function migrateByOne(connection: SqlConnection, schema: string): Promise<boolean> {
  // An index of a large table takes as long as it takes, and so does waiting for who makes it already.
  const run = (text: string) => connection.query({ text, query_timeout: longestTimer })
  await run('BEGIN ISOLATION LEVEL READ COMMITTED')
  await run('SET LOCAL statement_timeout = 0')
  await run(`SELECT pg_advisory_xact_lock(${lockKey(schema)})`)
  await run(`SET LOCAL lock_timeout = ${lockTimeout}`)
  await run(`CREATE SCHEMA IF NOT EXISTS ${schema}`)
  await run(`CREATE TABLE IF NOT EXISTS ${schema}.schema_version (
    version integer PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())`)
  const { rows } = await run(`SELECT coalesce(max(version), 0) AS version FROM ${schema}.schema_version`)
  const { version } = rows[0] as { version: number }
  const next = migrations[version]
  if (next !== undefined) {
    await run(next.replaceAll('{s}', schema))
    await run(`INSERT INTO ${schema}.schema_version (version) VALUES (${version + 1})`)
  }
  await run('COMMIT')
  return version + 1 >= migrations.length
}

/** As `work`, but rejects with the signal's reason once it is aborted: what comes of it later is of no interest. */
async function unlessAborted(work: Promise<void>, signal?: AbortSignal): Promise<void> {
  if (signal === undefined) return work
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const abort = () => reject(signal.reason)
  signal.addEventListener('abort', abort)
  try {
    if (signal.aborted) abort()
    await Promise.race([work, aborted])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

/** The same in every process, and no other program's. */
function lockKey(schema: string): bigint {
  return createHash('sha256').update(`celery migrations ${schema}`).digest().readBigInt64BE()
}
