import pg from 'pg'
import sql, { raw } from 'sql-template-tag'
import type { Migration } from './migration-files.ts'
import type { Queryable } from './queryable.ts'

/** Where a schema stands. */
export interface Standing {
  /** The first file that has not been applied; undefined when all have been. */
  next: Migration | undefined
  /** What a newer version has applied beyond the files. */
  later: string[]
}

/**
 * Compares the files with what has been applied, making the schema and its table of migrations when they are missing.
 * @throws Error with one line that names the file that does not fit, and says what to do.
 */
export async function readStanding(
  database: Queryable,
  schema: string,
  files: Migration[],
): Promise<Standing> {
  await createTable(database, schema)
  const applied = await database.query<AppliedMigration>(
    sql`SELECT name, checksum FROM ${table(schema)} ORDER BY name COLLATE "C"`,
  )
  const later = checkHistory(schema, files, applied)
  return { next: files[applied.length], later }
}

/** Writes down that a file has been applied. */
export async function recordApplied(
  database: Queryable,
  schema: string,
  { name, checksum }: Migration,
): Promise<void> {
  await database.query(sql`INSERT INTO ${table(schema)} (name, checksum) VALUES (${name}, ${checksum})`)
}

/**
 * Writes down that a file begins to be applied outside a transaction.
 * @returns since when it has been unfinished, if it was begun before: a time in RFC 3339
 */
export async function recordBegun(
  database: Queryable,
  schema: string,
  { name }: Migration,
): Promise<string | undefined> {
  await database.query(
    sql`CREATE TABLE IF NOT EXISTS ${begunTable(schema)}
      (name text PRIMARY KEY, begun_at timestamptz NOT NULL DEFAULT now())`,
  )
  const before = await database.maybeOne<{ begunAt: string }>(
    sql`SELECT begun_at AS "begunAt" FROM ${begunTable(schema)} WHERE name = ${name}`,
  )
  if (!before) await database.query(sql`INSERT INTO ${begunTable(schema)} (name) VALUES (${name})`)
  return before?.begunAt
}

/** Writes down, in one statement, that a file that was begun has been applied. */
export async function recordFinished(
  database: Queryable,
  schema: string,
  { name, checksum }: Migration,
): Promise<void> {
  await database.query(sql`
    WITH finished AS (DELETE FROM ${begunTable(schema)} WHERE name = ${name})
    INSERT INTO ${table(schema)} (name, checksum) VALUES (${name}, ${checksum})`)
}

function table(schema: string) {
  return raw(`${pg.escapeIdentifier(schema)}.migrations`)
}

function begunTable(schema: string) {
  return raw(`${pg.escapeIdentifier(schema)}.migrations_begun`)
}

// Looks first: CREATE SCHEMA IF NOT EXISTS demands the right to create one even when it is there.
async function createTable(database: Queryable, schema: string): Promise<void> {
  const name = pg.escapeIdentifier(schema)
  const found = await database.one<{ schema: boolean; table: boolean }>(sql`
    SELECT to_regnamespace(${name}) IS NOT NULL AS schema, to_regclass(${`${name}.migrations`}) IS NOT NULL AS table`)
  if (!found.schema) await database.query(raw(`CREATE SCHEMA ${name}`))
  if (found.table) return
  await database.query(
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
